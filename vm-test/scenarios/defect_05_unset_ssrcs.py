# SPDX-License-Identifier: GPL-2.0-only
"""SSRCs that a command does not give are none: what the memory of an earlier target held is not found in them (defect 5)."""

from guest import nft, rtp

OLD = (0x0101_0101, 0x0202_0202, 0x0303_0303, 0x0404_0404)
NEW = 0x0A0A_0A0A
ROUNDS = 30


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=16)
    nft.chain()
    nft.native_rule(0)
    sender, receiver, source = alice.udp(), bob.udp(), (bob.hub4, 5000)
    old_local, local = (alice.hub4, 4000), (alice.hub4, 4002)
    passed = t.host.udp(*local)
    all_four = {f"ssrc_out[{n}]": each.to_bytes(4, "big") for n, each in enumerate(OLD)}
    old = control.target(old_local, ssrcs=OLD, rtp=1, rtp_stats=1)
    old_output = old.destination(0, source, receiver.address, ssrc_subst=1, **{"seq_offset": [7] * 4}, **all_four)

    def counted():
        return [each.raw() for each in (*old.ssrc_stats, *old.output_ssrcs[0])]

    before = counted()
    t.step("targets with four SSRCs leave the memory that the next ones are made of")
    for given in (1, 2, 3):
        new = control.target(local, ssrcs=(NEW, *range(1, given)), rtp=1, rtp_stats=1)
        new_output = new.destination(0, source, receiver.address)
        for _ in range(ROUNDS):
            control.write(old.command)
            control.write(old_output)
            control.delete(old_local)
            control.write(new.command)
            control.write(new_output)
            listed = table.list_text()
            t.equal("SSRCs listed", listed.split("SSRC in:")[1].split("options:")[0].count("seq"), given)
            t.true("none of the earlier ones", not any(f"{each:x}" in listed for each in OLD), listed)
            control.delete(local)
        control.write(new.command)
        control.write(new_output)
        t.relayed(f"{given} given: its own", sender, local, receiver, rtp.stream(5, ssrc=NEW), source=source)
        for ssrc in (*OLD, 0):
            data = rtp.packet(ssrc=ssrc)
            sender.send(data, local)
            t.equal(f"{given} given: another is passed", (passed.recv() or t.fail("a packet")).data, data)
        t.equal(f"{given} given: and an error", new.stats["errors"], len(OLD) + 1)
        control.delete(local)
    t.equal("counters of the earlier ones", counted(), before)

    t.step("one that is left out stays out, wherever it stands")
    gaps = control.target(local, ssrcs=(OLD[0], NEW, OLD[2], NEW + 1), rtp=1)
    for n in (0, 2):
        gaps.command[f"target.ssrc[{n}]"] = bytes(4)
    control.write(gaps.command)
    control.write(gaps.destination(0, source, receiver.address))
    for n, ssrc in ((1, NEW), (3, NEW + 1)):
        t.relayed("those that are given", sender, local, receiver, rtp.stream(5, ssrc=ssrc), source=source)
        t.equal("their counters", gaps.output_ssrcs[0][n]["packets"], 5)
    for ssrc in (0, OLD[0], OLD[2]):
        sender.send(rtp.packet(ssrc=ssrc), local)
        t.true("passed", passed.recv())
    for n in (0, 2):
        t.true("no counter of those is touched", not any(gaps.output_ssrcs[0][n].raw()) and not any(gaps.ssrc_stats[n].raw()))
