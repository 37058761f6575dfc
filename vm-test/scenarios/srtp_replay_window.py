# SPDX-License-Identifier: GPL-2.0-only
"""The parameter `srtp_replay_window` says how late SRTP may come; with 0 it may come twice."""

from pathlib import Path

from guest import rtp
from guest.srtp import AES_CM, Crypto, Sender

TIMEOUT = 10
SSRC = 0x1234_5678
PARAMETER = Path("/sys/module/xt_rtpengine_rs/parameters/srtp_replay_window")


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    t.rtpctl.ok("rule", "add", 0)
    t.equal("the window when nobody asks for another", PARAMETER.read_text(), "1024\n")
    for bad, error in (("1", "ERANGE"), ("63", "ERANGE"), ("1025", "ERANGE"), ("-1", "EINVAL"), ("many", "EINVAL")):
        t.errno(f"a window of {bad}", error, PARAMETER.write_text, bad)
    t.equal("the window after refused ones", PARAMETER.read_text(), "1024\n")

    for n, window in enumerate((64, 100, 1024, 0)):
        t.step(f"window {window}")
        PARAMETER.write_text(str(window))
        crypto = Crypto.new(AES_CM)
        sender, receiver, local, source = alice.udp(), bob.udp(), (alice.hub4, 4000 + n), (bob.hub4, 5000 + n)
        target = control.add(local, (source, receiver.address), rtp=1, ssrcs=(SSRC,), **crypto.fields("decrypt"))
        libsrtp = Sender(crypto)
        packets = rtp.stream(1200, ssrc=SSRC)
        sealed = [libsrtp.rtp(each) for each in packets]
        oldest = 1199 - (window or 1024) + 1
        kept, late = [1199, oldest], [oldest - 1]
        if window == 0:
            kept, late = [1199, 1199, oldest, oldest - 1, 0], []
        t.relayed(f"window {window}", sender, local, receiver, [sealed[n] for n in kept], source=source,
                  expected=[packets[n] for n in kept])
        for number in late:
            sender.send(sealed[number], local)
        t.eventually(f"errors, window {window}", lambda: target.stats["errors"], len(late))
        t.equal(f"packets, window {window}", target.stats["packets"], len(kept))
