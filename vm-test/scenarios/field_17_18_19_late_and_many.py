# SPDX-License-Identifier: GPL-2.0-only
"""Fields 17 to 19: late SRTP is relayed as far back as 1024, of 16 SSRCs that are not listed; what is too old to judge is userspace's."""

from guest import rtp
from guest.phone import Conversation, Kernel, Phone
from guest.srtp import AES_CM, Crypto, Sender

TIMEOUT = 30
SUITES = ((4, AES_CM), (6, "AEAD_AES_128_GCM"))
SSRC = 0x1234_5678
WINDOW = 1024
MANY = 16
LEAP = 0x7000


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    t.rtpctl.ok("rule", "add", 0)
    for family, suite in SUITES:
        crypto = Crypto.new(suite)
        sender, receiver = alice.udp(family=family), bob.udp(family=family)
        source = (bob.hub_address(family), 5000)
        what = f"{suite}, IPv{family}"

        def target(port, *ssrcs):
            userspace = t.host.udp(alice.hub_address(family), port)
            return userspace, control.add(userspace.address, (source, receiver.address), rtp=1, ssrcs=ssrcs,
                                          **crypto.fields("decrypt"))

        t.step(f"{what}: retransmissions of what never came, {WINDOW} back and more")
        userspace, late = target(4000, SSRC)
        libsrtp = Sender(crypto)
        plain = rtp.stream(2 * WINDOW, ssrc=SSRC)
        sealed = [libsrtp.rtp(each) for each in plain]
        last = len(plain) - 1
        lost = [last - 1000, last - (WINDOW - 1), last - 64, last - 1]
        too_late = [last - WINDOW, last - WINDOW - 1, 3]

        def relayed(name, numbers):
            t.relayed(f"{what}: {name}", sender, userspace.address, receiver, [sealed[n] for n in numbers], source=source,
                      expected=[plain[n] for n in numbers])

        came = [n for n in range(0, last + 1, 8) if n not in (*lost, *too_late)] + [last]
        relayed("the stream with gaps", came)
        relayed("what was lost, sent again", lost)
        count = late.stats["packets"]
        t.equal(f"{what}: packets relayed", count, len(came) + len(lost))

        t.step(f"{what}: what came before is dropped, what nobody can judge is passed as it came")
        for n in (*lost, *came[-100:]):
            sender.send(sealed[n], userspace.address)
        t.silent(f"{what}: replays", receiver, 0.05)
        t.silent(f"{what}: replays passed", userspace, 0)
        t.eventually(f"{what}: errors for replays", lambda: late.stats["errors"], len(lost) + 100)
        t.relayed(f"{what}: packets beyond the window", sender, userspace.address, userspace, [sealed[n] for n in too_late])
        t.silent(f"{what}: packets beyond the window, relayed", receiver, 0)
        t.equal(f"{what}: packets relayed after replays and old ones", late.stats["packets"], count)
        t.equal(f"{what}: highest index after them", late.ssrc_stats[0]["ext_seq"], last + 1)

        t.step(f"{what}: sequence numbers that start again lower, as after a restart of the sender with its key")
        again = Sender(crypto)
        for start, ahead in ((9000, 0), (0xA000, 0x100)):  # one that is lower, one that looks like the next round
            jump = rtp.packet(seq=start, ssrc=SSRC)
            sealed_jump = Sender(crypto).rtp(jump)
            t.relayed(f"{what}: up to {start}", sender, userspace.address, receiver, [sealed_jump], expected=[jump])
            restarted = [again.rtp(each) for each in rtp.stream(20, seq=3000 + ahead, ssrc=SSRC)]
            before = late.stats["packets"]
            t.relayed(f"{what}: restarted after {start}", sender, userspace.address, userspace, restarted, source=sender.address)
            t.silent(f"{what}: restarted after {start}, relayed", receiver, 0)
            t.equal(f"{what}: packets counted after a restart", late.stats["packets"], before)
            t.equal(f"{what}: highest index after a restart", late.ssrc_stats[0]["ext_seq"], start)

        t.step(f"{what}: userspace has the counters follow, and the kernel goes on with the stream")
        late.ssrc_stats[0]["ext_seq"] = 3000 + 0x100 + 19
        late.again()
        follows = rtp.stream(20, seq=3000 + 0x100 + 20, ssrc=SSRC)
        t.relayed(f"{what}: the restarted stream", sender, userspace.address, receiver, [again.rtp(each) for each in follows],
                  source=source, expected=follows)

        t.step(f"{what}: {MANY} SSRCs that the target does not list, two rounds on")
        userspace, many = target(4002)
        libsrtp, sent = Sender(crypto), 0

        def from_each(name, ssrcs, seq, count):
            """The next packets of each SSRC, one of each in turn."""
            nonlocal sent
            plain = [rtp.packet(seq=seq + n, ssrc=ssrc) for n in range(count) for ssrc in ssrcs]
            t.relayed(f"{what}: {name}", sender, userspace.address, receiver, [libsrtp.rtp(each) for each in plain], source=source,
                      expected=plain)
            sent += len(plain)
            t.equal(f"{what}: packets and errors after {name}", (many.stats["packets"], many.stats["errors"]), (sent, 0))

        ssrcs = range(100, 100 + MANY)
        seq = 0
        while seq < 0x20000:
            from_each(f"all of them from {seq:#x}", ssrcs, seq, 1)
            seq += LEAP
        from_each("all of them in turn", ssrcs, seq, 5)
        from_each("all but the first", ssrcs[1:], seq + 5, 1)
        from_each("one more, which takes the place of the first", [999], 1, 3)
        from_each("all but the first, again", ssrcs[1:], seq + 6, 3)
        for udp in (sender, receiver):
            udp.close()

    t.step("a call whose caller starts again lower, with its key: the daemon relays what the kernel cannot judge")
    daemon, kernel = t.daemon(f"pub4/{alice.hub4}", table=5), Kernel(t.table(5))
    caller, callee = Phone(alice, 0xCA11, AES_CM, seq=20_000), Phone(bob, 0xCA22)
    call = Conversation(daemon, kernel, "restarted", caller, callee, offer={"transport-protocol": "RTP/AVP"})
    call.start()
    call.talk("before it starts again", 20)
    for start in (3000, 100):
        caller.sender, caller.next = Sender(caller.sender.crypto), start
        plain = caller.packets(20)
        t.relayed(f"started again at {start}", caller.rtp, caller.to, callee.rtp, [caller.seal(each) for each in plain], expected=plain)
