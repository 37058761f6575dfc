# SPDX-License-Identifier: GPL-2.0-only
"""Behind redirect and dnat answers are translated back, connections become established, and one-way media keep their entry."""

from guest import conntrack, nft, rtp

VIRTUAL = {4: "192.0.2.50", 6: "2001:db8:50::1"}
RULES = """
table inet incoming {{
  counter established {{}}
  counter fresh {{}}
  chain pre {{ type nat hook prerouting priority -100; udp dport 3000 redirect to :4000; {virtual} }}
  chain in {{ type filter hook input priority -10; udp dport 4000-4999 ct state established counter name established;
              udp dport 4000-4999 ct state new counter name fresh; }}
}}
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    virtual = f"ip daddr {VIRTUAL[4]} udp dport 3010 dnat ip to {alice.hub4}:4010; ip6 daddr {VIRTUAL[6]} udp dport 3010 dnat ip6 to [{alice.hub6}]:4010;"
    t.host.run("nft", "-f", "-", stdin=RULES.format(virtual=virtual))
    nft.chain()
    nft.native_rule(0)

    for family in (4, 6):
        hub = alice.hub_address(family)
        for what, to, local in (("redirect", (hub, 3000), (hub, 4000)), ("dnat", (VIRTUAL[family], 3010), (hub, 4010)),
                                ("no translation", (hub, 4020), (hub, 4020))):
            def states():
                return {name: nft.counter("incoming", name) for name in ("fresh", "established")}

            def entries(sender):
                return [each for each in conntrack.entries(family) if each.source == sender.address]

            def exchange(there, back, sender, answers_from):
                """Three packets there, three back, three there: the states of what comes, and where the answers come from."""
                before = states()
                for n in range(3):
                    there(rtp.packet(n))
                found = [each.ident for each in entries(sender)]
                there(rtp.packet(3))
                one_way = entries(sender)
                t.equal("one connection, which stays", ([each.ident for each in one_way], [each.to for each in one_way]), (found, [to]))
                t.true("it is confirmed", all(each.confirmed and not each.replied for each in one_way), one_way)
                sources = []
                for n in range(3):
                    back(data := rtp.packet(100 + n))
                    got = sender.recv()
                    t.equal("an answer", got and got.data, data)
                    sources.append(got.source)
                t.equal("answers come from", sources, [answers_from] * 3)
                t.true("it has seen answers", [each.replied for each in entries(sender)] == [True], entries(sender))
                for n in range(3):
                    there(rtp.packet(10 + n))
                return {name: count - before[name] for name, count in states().items()}

            t.step(f"IPv{family}, {what}: a socket")
            plain, sender = t.host.udp(*local), alice.udp(family=family)

            def to_plain(data):
                sender.send(data, to)
                got = plain.recv()
                t.equal("the socket has it", got and (got.data, got.source), (data, sender.address))

            wanted = exchange(to_plain, lambda data: plain.send(data, sender.address), sender, to)

            t.step(f"IPv{family}, {what}: relayed")
            source, receiver, sender = (bob.hub_address(family), local[1] + 1001), bob.udp(family=family), alice.udp(family=family)
            target = control.add(local, (source, receiver.address), rtp=1, stun=1)
            control.add(source, (local, sender.address), rtp=1)

            def to_bob(data):
                sender.send(data, to)
                got = receiver.recv()
                t.equal("it is relayed", got and (got.data, got.source), (data, source))

            got = exchange(to_bob, lambda data: receiver.send(data, source), sender, to)
            t.equal("states of what comes", got, wanted)
            sender.send(data := rtp.stun(), to)
            passed = plain.recv()
            t.equal("what is passed", passed and (passed.data, passed.source), (data, sender.address))
            plain.send(b"answer", sender.address)
            answer = sender.recv()
            t.equal("the socket's answer to it", answer and (answer.data, answer.source), (b"answer", to))
            t.equal("packets and errors", (target.stats["packets"], target.stats["errors"]), (7, 0))
            plain.close()
            control.delete(local)
            control.delete(source)
