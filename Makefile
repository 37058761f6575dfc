# SPDX-License-Identifier: GPL-2.0-only

# The kernel that `make` and `make install` are for; any installed one can be named.
KERNEL ?= $(shell uname -r)
# Scenarios that are run; all when empty.
T ?=
# How much `make soak` and `make test-debug` try: test, soak, or long for an hour and more.
SIZE ?=
# The module that `make profile` and `make bench` look at: rs, ours, or the C modules c of Debian testing and c12 of Debian 13; for `make bench`, all when empty.
WITH ?=
# What T names for these are cases of vm-test/guest/cases.py.
CASES := $(filter bench profile,$(MAKECMDGOALS))

# What does not need each other is made side by side: what waits for the network or for another piece leaves a processor free.
MAKEFLAGS += -j4

.PHONY: all install uninstall module debug-module tool host images userland debian-13 c-module vm-kernel counting-qemu names check host-checks frames test vm test-debug fuzz soak bench profile selftest demo clean help

all: ## build the module on this machine, for its kernel or for KERNEL=RELEASE
	@scripts/native-build "$(KERNEL)"

install: ## install what `make` built, and rtpctl if cargo built it
	@scripts/native-install "$(KERNEL)"

uninstall: ## remove what `make install` installed
	@scripts/native-uninstall "$(KERNEL)"

module: names ## build the module for the virtual machine's kernel: build/module/
	@scripts/module

debug-module: names ## build the module for the debug kernel: build/debug-module/
	@scripts/module --debug

tool: names ## build rtpctl and what scenarios run beside it: build/tools/
	@scripts/tool

host:
	@scripts/host-packages

# The images of the virtual machine, in the cache.
images: userland debian-13 vm-kernel c-module counting-qemu

userland: names
	@vm-test/host/userland testing >/dev/null

debian-13: names
	@vm-test/host/userland debian-13 >/dev/null

c-module: names
	@vm-test/host/c-module testing >/dev/null
	@vm-test/host/c-module debian-13 >/dev/null

counting-qemu: names
	@vm-test/host/counting-qemu >/dev/null

vm-kernel: names
	@vm-test/host/kernel >/dev/null

check: host-checks frames ## formatting, lints, and the tests that need no virtual machine

host-checks: names
	@scripts/check

frames: module
	@scripts/frames

# A scenario, or a case, that there is not is told before anything is built.
names: host
	@$(if $(T),python3 -B $(if $(CASES),vm-test/guest/cases.py,vm-test/host/run.py --list --scenarios vm-test/scenarios) $(T) >/dev/null)

test: names vm $(if $(T),,check) ## the checks, and the scenarios for the stock kernel; T="NAME ..." only those
	@$(if $(T),true,cat build/vm-test/verdict)

# The images first: nothing of the userland waits for the build root that all others begin with.
vm: names images module tool
	@vm-test/host/run vm-test --scenarios vm-test/scenarios $(T)

test-debug: names userland debian-13 c-module debug-module tool ## the scenarios that are for a debug kernel; T="NAME ..." only those
	@vm-test/host/run --debug vm-test-debug --size $(or $(SIZE),test) --scenarios vm-test/scenarios $(T)

fuzz: names ## libFuzzer on what the module shares with the host, a minute for each target
	@scripts/fuzz

soak: names images module tool ## what shows more the longer it runs; T="NAME ..." only those, SIZE=long for an hour and more
	@$(if $(T),true,scripts/compare-libsrtp 1000000)
	@vm-test/host/run $(or $(SIZE),soak) --size $(or $(SIZE),soak) --scenarios vm-test/scenarios $(T)

bench: names images module tool ## what a packet costs, beside the C modules and the kernel: docs/performance.md; T="CASE ..." only those
	@scripts/bench $(if $(WITH),--module $(WITH)) $(T)

profile: names images module tool ## where the instructions of a packet go: T=CASE (docs/performance.md), WITH=c or c12 for a C module
	@scripts/profile --module $(or $(WITH),rs) $(T)

selftest: module tool images ## that the runner sees a kernel that dies and a scenario that hangs
	@vm-test/host/run selftest --scenarios vm-test/selftest

demo: module tool images ## see the module relay real RTP
	@vm-test/demo/demo

clean: ## remove what was built; the cache stays
	rm -rf build target

help: ## this list
	@sed -nE 's/^([a-z-]+):.* ## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 21
