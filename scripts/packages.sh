# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# The Debian packages that things are made of. Sourced.

# Where the kernel and the toolchain that built it come from.
toolchain_suite=trixie
kernel_suite=trixie-backports
toolchain_packages=(
    rustc rust-src rustfmt rust-clippy cargo bindgen clang lld llvm gcc-14 libc6-dev make bc bison flex libelf-dev
    libssl-dev libsrtp2-dev pahole xz-utils kmod cpio python3 perl e2fsprogs ca-certificates shellcheck
)
headers_metapackage=linux-headers-cloud-amd64

# Where daemons come from, and what the virtual machine needs beside them: pylibsrtp and aiortc are the other ends of calls,
# ffmpeg that of the demo. Testing has the daemon of 26.0, Debian 13 that of 12.5.
testing_suite=forky
testing_packages=(
    rtpengine-daemon nftables iptables iproute2 ethtool kmod mount systemd-sysv python3 python3-pylibsrtp python3-aiortc ffmpeg
)
debian_13_suite=trixie
debian_13_packages=(rtpengine-daemon nftables iproute2 kmod mount systemd-sysv python3 python3-pylibsrtp)
c_module_package=rtpengine-kernel-dkms

# Where instructions are counted, and what draws charts of them.
counting_suite=trixie
counting_package=qemu-system-x86
charts_package=gnuplot-nox

# What a machine that builds and tests needs of its own.
host_packages=(mmdebstrap qemu-system-x86 python3 debian-archive-keyring)

# What a Debian 13 machine needs to build the module for a kernel of its own, beside that kernel's headers and source.
native_packages=(
    rustc rust-src bindgen clang gcc-14 libc6-dev make bc bison flex libelf-dev libssl-dev pahole xz-utils kmod perl python3
)
