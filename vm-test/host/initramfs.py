# SPDX-License-Identifier: GPL-2.0-only
"""The initramfs that mounts the images of the virtual machine and hands over to the guest's first process."""

from __future__ import annotations

import stat
from pathlib import Path

_BOOT = Path(__file__).resolve().parent.parent / "guest" / "boot.py"
_MODULES = ("virtio_blk",)
_INIT = """#!/busybox sh
fail() {{ echo "initramfs: $1 failed"; /busybox reboot -f; }}
/busybox mount -t devtmpfs dev /dev
for module in {modules}; do /busybox insmod /$module || fail "insmod $module"; done
/busybox mount -t ext2 -o ro "/dev/${{VM_ROOT:-vda}}" /root || fail "mount of the userland"
/busybox mount -t ext2 -o ro /dev/vdb /root/usr/lib/modules || fail "mount of the modules"
/busybox mount -t ext2 -o ro /dev/vdd /root/srv/debian-13 || fail "mount of Debian 13"
/busybox mount --move /dev /root/dev
/busybox mount -t proc proc /root/proc
/busybox mount -t sysfs sys /root/sys
/busybox mount -t debugfs debug /root/sys/kernel/debug
/busybox mount -t tmpfs run /root/run
/busybox mount -t tmpfs tmp /root/tmp
/busybox cp /boot.py /root/run/boot.py
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 PYTHON_COLORS=0
exec /busybox switch_root /root /usr/bin/python3 /run/boot.py
"""


def _entry(name: str, data: bytes, mode: int, number: int, device: tuple[int, int] = (0, 0)) -> bytes:
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + "".join(f"{value:08x}" for value in fields).encode() + name.encode() + b"\0"
    head += bytes(-len(head) % 4)
    return head + data + bytes(-len(data) % 4)


def _with_dependencies(modules: Path) -> list[Path]:
    """The files of the needed modules, each after what it depends on."""
    table: dict[str, tuple[str, list[str]]] = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        path, _, needs = line.partition(":")
        table[Path(path).name.partition(".")[0].replace("-", "_")] = (path, needs.split())
    order: list[str] = []
    for name in _MODULES:
        if name in table:  # a kernel may have it built in
            path, needs = table[name]
            order += [each for each in (*reversed(needs), path) if each not in order]
    return [modules / each for each in order]


def build(busybox: Path, modules: Path) -> bytes:
    """The cpio archive, for a kernel whose modules lie uncompressed in `modules`."""
    files = _with_dependencies(modules)
    init = _INIT.format(modules=" ".join(path.name for path in files))
    entries = [(name, b"", stat.S_IFDIR | 0o755) for name in ("dev", "root")]
    entries += [("busybox", busybox.read_bytes(), stat.S_IFREG | 0o755), ("init", init.encode(), stat.S_IFREG | 0o755)]
    entries += [(path.name, path.read_bytes(), stat.S_IFREG | 0o644) for path in (*files, _BOOT)]
    archive = b"".join(_entry(name, data, mode, number) for number, (name, data, mode) in enumerate(entries, 1))
    archive += _entry("dev/console", b"", stat.S_IFCHR | 0o600, len(entries) + 1, (5, 1))
    return archive + _entry("TRAILER!!!", b"", 0, 0)
