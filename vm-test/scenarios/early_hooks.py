# SPDX-License-Identifier: GPL-2.0-only
"""Rules at prerouting and at ingress relay RTP, SRTP and RTCP; what they let go on comes to the input hook as it was, and is judged once."""

from guest import nft, rtp
from guest.srtp import AES_CM, Crypto, Receiver, Sender

TIMEOUT = 60
MEDIA = {"media_output_idxs[0].rtp_end_idx": 1, "media_output_idxs[0].rtcp_start_idx": 1, "media_output_idxs[0].rtcp_end_idx": 2}


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=32)
    nft.count_input("4000-4999")
    nft.chain()
    nft.native_rule(0)
    devices = (alice.hub_dev, bob.hub_dev)

    port = 4000
    for where in nft.EARLY:
        families = {"ip prerouting": (4,), "ip6 prerouting": (6,)}.get(where, (4, 6))
        for priority in (-300, 0):
            for family in families:
                port += 2
                local, source = (alice.hub_address(family), port), (bob.hub_address(family), port)
                receiver, sender, passed = bob.udp(family=family), alice.udp(family=family), t.host.udp(*local)
                t.step(f"{where}, priority {priority}, IPv{family}: RTP")
                target = control.add(local, (source, receiver.address), rtp=1, pt_filter=1, pts=(0,), stun=1)
                with nft.Early(where, devices=devices, priority=priority) as early:
                    t.equal("dump", [[nft.dumped_table(each) for each in nft.rules(early.family, name=name)] for name in early.names],
                            [[0]] * len(early.names))
                    before = nft.at_input()
                    t.relayed("packets", sender, local, receiver, rtp.stream(20, pt=0), source=source)
                    t.equal("packets that came to the input hook", nft.at_input() - before, 0)
                    t.equal("packets and errors", [target.stats[name] for name in ("packets", "errors")], [20, 0])
                    t.relayed("STUN is passed", sender, local, passed, [rtp.stun()], source=sender.address)
                    t.relayed("an unknown payload type is passed", sender, local, passed, rtp.stream(3, pt=99), source=sender.address)
                    t.equal("and came to the input hook", nft.at_input() - before, 4)
                before = nft.at_input()
                t.relayed("without the rule", sender, local, receiver, rtp.stream(3, pt=0), source=source)
                t.equal("packets that came to the input hook", nft.at_input() - before, 3)
                control.delete(local)
                passed.close()
                if priority == 0:
                    srtp(t, control, alice, bob, family, port, where, devices)
                    rtcp(t, control, alice, bob, family, port, where, devices)

    t.step("other hooks are refused")
    for family, hook in (("inet", "forward"), ("ip", "output"), ("ip6", "postrouting")):
        nft.chain(family, hook, name="refused")
        t.errno(f"{family} {hook}", "EOPNOTSUPP", lambda family=family: nft.native_rule(0, family, name="refused"))
        nft.delete(family, name="refused")

    t.step("a rule without its table, and with another one")
    local, receiver = (alice.hub4, 4990), bob.udp()
    passed = t.host.udp(*local)
    control.add(local, ((bob.hub4, 4990), receiver.address), rtp=1)
    nft.delete()
    with nft.Early("inet prerouting", 7), nft.Early("netdev ingress", 8, devices=devices):
        t.relayed("passed", alice.udp(), local, passed, rtp.stream(3))
        second = t.table(7).add().ready()
        second.add(local, ((bob.hub4, 4992), receiver.address), rtp=1)
        t.relayed("table 7", alice.udp(), local, receiver, rtp.stream(3), source=(bob.hub4, 4992))

    t.step("xtables: raw and mangle")
    for name, priority in (("raw", -300), ("mangle", -150)):
        for ip, family in (("ip", 4), ("ip6", 6)):
            local, source, receiver = (alice.hub_address(family), 4994), (bob.hub_address(family), 4995), bob.udp(family=family)
            target = control.add(local, (source, receiver.address), rtp=1)
            nft.chain(ip, "prerouting", name=name, priority=priority)
            nft.compat_rule(0, ip, name=name)
            before = nft.at_input()
            t.relayed(f"{name}, IPv{family}", alice.udp(family=family), local, receiver, rtp.stream(5), source=source)
            t.equal("packets that came to the input hook", nft.at_input() - before, 0)
            nft.delete(ip, name=name)
            control.delete(local)
    for name, hook in (("filter", "prerouting"), ("raw", "input"), ("mangle", "input"), ("nat", "prerouting")):
        nft.chain("ip", hook, name=name)
        t.errno(f"{hook} of {name}", "EINVAL", lambda name=name: nft.compat_rule(0, "ip", name=name))
        nft.delete("ip", name=name)


def srtp(t, control, alice, bob, family, port, where, devices):
    """SRTP in and out; what is authentic and passed is not taken for a replay at the input hook, and errors count once."""
    for suite in (AES_CM, "AEAD_AES_128_GCM"):
        t.step(f"{where}, IPv{family}: {suite}")
        local, source = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
        receiver, sender, passed = bob.udp(family=family), alice.udp(family=family), t.host.udp(*local)
        inward, outward = Crypto.new(suite), Crypto.new(suite)
        target = control.add(local, (source, receiver.address, outward.fields("encrypt")), rtp=1, pt_filter=1, pts=(0,),
                             **inward.fields("decrypt"))
        libsrtp, opened = Sender(inward), Receiver(outward)
        with nft.Early(where, devices=devices):
            clear = rtp.stream(20, pt=0)
            coming = [libsrtp.rtp(each) for each in clear]
            for each in coming:
                sender.send(each, local)
            got = [receiver.recv() for _ in clear]
            t.equal("relayed", [each and opened.rtp(each.data) for each in got], clear)
            unknown = [libsrtp.rtp(each) for each in rtp.stream(3, pt=99, seq=100)]
            t.relayed("an unknown payload type is passed", sender, local, passed, unknown, source=sender.address)
            t.equal("errors", target.stats["errors"], 0)
            for each in coming:
                sender.send(each, local)
            forged = bytearray(libsrtp.rtp(rtp.packet(200, pt=0)))
            forged[-1] ^= 1
            t.relayed("a forged packet is passed", sender, local, passed, [bytes(forged)], source=sender.address)
            t.silent("replays", receiver, 0.05)
            t.equal("replays and a forged packet are errors, each once", [target.stats[name] for name in ("packets", "errors")], [20, 21])
        control.delete(local)
        passed.close()


def rtcp(t, control, alice, bob, family, port, where, devices):
    """RTCP is passed, or relayed and passed, each once; SRTCP that is passed is not taken for a replay."""
    for flags in ({}, {"rtcp_fw": 1}):
        for protected in (False, True):
            t.step(f"{where}, IPv{family}: {'SRTCP' if protected else 'RTCP'}, {', '.join(flags) or 'not relayed'}")
            local, source = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
            receiver, sender, passed = bob.udp(family=family), alice.udp(family=family), t.host.udp(*local)
            crypto = Crypto.new(AES_CM)
            target = control.add(local, (source, receiver.address), (source, receiver.address, {"rtcp": 1}), rtp=1, **flags, **MEDIA,
                                 **(crypto.fields("decrypt") if protected else {}))
            clear = [rtp.sender_report(), rtp.receiver_report(), rtp.bye()]
            libsrtp = Sender(crypto)
            coming = [libsrtp.rtcp(each) for each in clear] if protected else clear
            with nft.Early(where, devices=devices):
                t.relayed("passed", sender, local, passed, coming, source=sender.address)
                got = [receiver.recv() for _ in clear] if flags else []
                t.equal("relayed", [each and each.data for each in got], clear if flags else [])
                t.silent("and no more", receiver, 0.05)
                t.equal("packets and errors", [target.stats[name] for name in ("packets", "errors")], [len(clear) if flags else 0, 0])
            control.delete(local)
            passed.close()
