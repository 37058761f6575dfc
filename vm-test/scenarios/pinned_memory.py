# SPDX-License-Identifier: GPL-2.0-only
"""Memory that a process pinned and then moves, replaces, cuts, gives away or leaves: under traffic its counters go on."""

import mmap
import os
import signal

from guest import nft, proc, rtp, system, traffic
from guest.pages import SIZE, Pages

PACKETS = 40  # before, while and after the memory is changed
ANONYMOUS, SHARED = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS
STATS, OUTPUT_STATS = 0, SIZE - 4096  # where the counters lie: in the first page, and in the last
# What the process then sees at the place: the counters, or what it wrote there itself afterwards.
SAME, OTHER, NOTHING = "the counters", "its own", "nothing"
DONTNEED, FREE, REMOVE, MERGEABLE, HUGEPAGE, COLD, PAGEOUT = 4, 8, 9, 12, 14, 20, 21


def file_pages():
    fd = os.memfd_create("counters", os.MFD_CLOEXEC)
    os.ftruncate(fd, SIZE)
    return Pages(mmap.MAP_SHARED, fd)


def tmpfs_pages():
    fd = os.open("/tmp/counters", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    os.ftruncate(fd, SIZE)
    os.unlink("/tmp/counters")
    return Pages(mmap.MAP_SHARED, fd)


def advised(advice):
    return lambda pages: pages.advise(advice)


def forks(pages):
    """A child that writes all of its memory, and ends."""
    pid = os.fork()
    if pid == 0:
        pages.fill(0x77)
        os._exit(0)
    os.waitpid(pid, 0)


CHANGES = [
    ("it moves them", Pages, Pages.move, SAME),
    ("it moves shared ones", lambda: Pages(SHARED), Pages.move, SAME),
    ("it maps others over them", Pages, Pages.replace, OTHER),
    ("it maps others over a file's", file_pages, Pages.replace, OTHER),
    ("it unmaps them", Pages, Pages.unmap, NOTHING),
    ("it unmaps a file's", file_pages, Pages.unmap, NOTHING),
    ("it cuts their file", file_pages, Pages.cut, OTHER),
    ("it cuts their file on tmpfs", tmpfs_pages, Pages.cut, OTHER),
    ("it punches a hole", file_pages, Pages.punch, OTHER),
    ("it does not need them", Pages, advised(DONTNEED), OTHER),
    ("it does not need shared ones", lambda: Pages(SHARED), advised(DONTNEED), SAME),
    ("it removes shared ones", lambda: Pages(SHARED), advised(REMOVE), OTHER),
    ("it frees them lazily", Pages, advised(FREE), SAME),
    ("it calls them cold", Pages, advised(COLD), SAME),
    ("it wants them paged out", Pages, advised(PAGEOUT), SAME),
    ("it may not write them any more", Pages, lambda pages: pages.protect(mmap.PROT_READ), SAME),
    ("it may not touch them any more", Pages, lambda pages: pages.protect(0), NOTHING),
    ("it forks", Pages, forks, SAME),
]


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=64)
    nft.chain()
    nft.native_rule(0)
    sender, receiver, source = alice.udp(), bob.udp(), (bob.hub4, 4001)
    total = 0

    def add(number, pages, control=control):
        """A target that counts in those pages, in the first one and in the last."""
        local = (alice.hub4, 4000 + 2 * number)
        control.write(pages.pin_command())
        target = control.target(local, rtp=1)
        target.command["target.stats"] = pages.addr + STATS
        output = target.destination(0, source, receiver.address)
        output["destination.output.stats"] = pages.addr + OUTPUT_STATS
        control.write(target.command)
        control.write(output)
        return local

    def counted(what, local, expected):
        listed = table.target(*local)
        t.equal(f"{what}: counters of the target, and of its output",
                (listed.stats["packets"], listed.outputs[0].stats["packets"], listed.stats["errors"]), (expected, expected, 0))

    def talk(what, local, act=lambda: None):
        """Traffic before, while and after; returns how many packets were sent."""
        t.relayed(f"{what}: before", sender, local, receiver, rtp.stream(PACKETS), source=source)
        with traffic.Background(sender, local, receiver, rtp.stream(10 * PACKETS), gap=0.001) as meanwhile:
            act()
        meanwhile.flow.check(f"{what}: meanwhile", source)
        t.relayed(f"{what}: after", sender, local, receiver, rtp.stream(PACKETS), source=source)
        return 2 * PACKETS + len(meanwhile.flow.sent)

    for number, (what, make, change, seen) in enumerate(CHANGES):
        t.step(f"a process that has pinned its pages: {what}")
        pages = make()
        local = add(number, pages)

        def act():
            change(pages)
            if seen == OTHER:
                pages.fill(0xA5)

        sent = talk(what, local, act)
        total += sent
        counted(what, local, sent)
        if seen == SAME:
            t.equal(f"{what}: what the process sees", (pages.packets(STATS), pages.packets(OUTPUT_STATS)), (sent, sent))
        elif seen == OTHER:
            t.true(f"{what}: nobody writes what is there now", pages.holds(0xA5))
        control.delete(local)

    t.step("a process that ends, or becomes another program, with its pages pinned")
    for number, how in enumerate(("it exits", "it is killed", "it becomes another program"), len(CHANGES)):
        ready, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                handle = table.control()
                handle.write(handle.memory.pin_command())
                add(number, Pages(), handle)
                os.write(tell, b"x")
                if how == "it is killed":
                    signal.pause()
                elif how == "it becomes another program":
                    os.execv("/bin/sleep", ["sleep", "1000"])
            finally:
                os._exit(0)
        os.close(tell)
        t.equal("the process has added its target", os.read(ready, 1), b"x")
        local = (alice.hub4, 4000 + 2 * number)

        def end():
            if how != "it exits":
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

        sent = talk(how, local, end)
        total += sent
        counted(how, local, sent)

    t.step("what cannot be pinned")
    fd = os.open("/var/tmp/counters", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, SIZE)
    gone = Pages()
    gone.unmap()
    for what, pages in (("that may not be written", Pages(protection=mmap.PROT_READ)), ("that may not be touched", Pages(protection=0)),
                        ("that are not there", gone), ("of a file that is written back", Pages(mmap.MAP_SHARED, fd))):
        t.errno(f"pages {what}", "EFAULT", control.write, pages.pin_command())

    t.step("the table ends")
    t.true("pages are pinned", table.status()["Memory pins"] > len(CHANGES))
    table.kill()
    t.eventually("pages that stay pinned", system.pinned_pages, 0, timeout=20)
    t.equal("tables", proc.tables(), [])
    t.figure("packets counted in memory that was being taken away", total)
    t.figure("ways to take pinned memory away", len(CHANGES) + 3)

