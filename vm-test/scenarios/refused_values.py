# SPDX-License-Identifier: GPL-2.0-only
"""Each value of ADD_TARGET and ADD_DESTINATION out of its range is refused in every generation, and the table stays as it was."""

import struct

from guest import abi, nft, rtp
from guest.client import HABITS
from guest.refusals import ONES, Refusals


def address(family, packed, port):
    return struct.pack("=i16sH2x", family, packed, port)


# Addresses that are none: family unknown, unspecified, no port.
BAD_ADDRESSES = [address(0, bytes([10, 0, 0, 1]), 9), address(1, bytes([10, 0, 0, 1]), 9), address(-1, b"\x20", 9),
                 address(2, bytes(16), 9), address(10, bytes(16), 9), address(2, bytes([10, 0, 0, 1]), 0),
                 address(10, b"\x20" + bytes(15), 0)]


def bad_targets(habits):
    """Fields of ADD_TARGET, each set wrong in one thing."""
    for bad in BAD_ADDRESSES:
        yield {"local": bad}
    for count in (0, 33, 256, 257, ONES):
        yield {"num_destinations": count}
    yield {"non_forwarding": 1}
    for mode in (3, 256, ONES):
        yield {"src_mismatch": mode}
    for mode in (1, 2):
        for family in (0, 1, ONES):
            yield {"src_mismatch": mode, "expected_src": struct.pack("=I16sH2x", family, b"\x0a\0\0\x01", 9)}
    for count in (33, 256, 257, ONES):
        yield {"num_payload_types": count}
    if habits.rings:
        for count in (1, 4, 256, ONES):
            yield {"raw_ring_buf.num": count}
    if habits.is_list:
        for count in (2, 256, 257, ONES):
            yield {"num_rtcp_destinations": count}
        return
    for media in range(8):
        for kind in ("rtp", "rtcp"):
            for start, end in ((1, 1), (0, 2), (1, 0), (0, ONES), (ONES, ONES), (256, 256), (0, 257), (ONES, 0)):
                yield {f"media_output_idxs[{media}].{kind}_start_idx": start, f"media_output_idxs[{media}].{kind}_end_idx": end}
    for n in range(4):
        for media in (8, 256, ONES - 1):
            yield {f"ssrc_media_idx[{n}]": media}
            yield {f"pt_media_idx[{n % 3}]": media}
    for media in range(8):
        for length in (256, 257, 1 << 32, (1 << 64) - 1):
            yield {f"mid_output[{media}].len": length}


def bad_outputs(habits, bob):
    """Fields of an output, each set wrong in one thing."""
    for bad in BAD_ADDRESSES:
        yield {"src_addr": bad}
        yield {"dst_addr": bad}
    yield {"src_addr": (bob.hub6, 1)}
    yield {"dst_addr": (bob.v6, 1)}
    for n in (0, 1, 31):
        for length in (17, 255):
            yield {f"pt_output[{n}].replace_pattern_len": length}
    if not habits.is_list:
        for count in (33, 256, ONES):
            yield {"num_extmap_filter": count}
        yield {"extmap_mid": 1, "extmap_mid_len": 0}


def bad_srtp(place):
    """SRTP parameters, each set wrong in one thing: what is right is the null cipher, without keys."""
    for name, values in {
            "cipher": (0, 2, 8, 256, ONES), "hmac": (0, 2, 3, 256, ONES), "master_key_len": (1, 15, 17, 33, 256, 272, ONES),
            "session_key_len": (1, 15, 17, 33, 256, 272, ONES), "master_salt_len": (1, 13, 15, 256, 270, ONES),
            "session_salt_len": (1, 13, 15, 256, 270, ONES), "rtp_auth_tag_len": (21, 255, 256, ONES),
            "rtcp_auth_tag_len": (21, 255, 256, ONES), "mki_len": (256, 257, ONES)}.items():
        for value in values:
            yield {f"{place}.{name}": value}


def addresses_of_nobody(bob):
    """Addresses that no datagram has, and links that nothing tells."""
    for source in ("224.0.0.1", "255.255.255.255"):
        yield {"src_addr": (source, 1)}
    for source, to in (("ff02::1", bob.v6), ("::ffff:10.0.0.1", bob.v6), (bob.hub6, "::ffff:10.0.0.1"),
                       ("2001:db8::1", "fe80::1"), ("2001:db8::1", "ff02::1"), ("fe80::5", "fe80::1")):
        yield {"src_addr": (source, 1), "dst_addr": (to, 1)}


def run(t):
    alice, bob = t.peers("alice", "bob")
    nft.chain()
    count = sum(generation(t, alice, bob, number, name) for number, name in enumerate(abi.GENERATIONS))
    t.figure("commands refused for a value", count)


def generation(t, alice, bob, number, name):
    """All of it in one generation. Returns how many commands were refused."""
    habits, port = HABITS[name], 4000 + 1000 * number
    table = t.table(number).add()
    control = table.control(8, name, habits.mapped).init()
    nft.native_rule(number)
    receiver, local, source = bob.udp(), (alice.hub4, port), (bob.hub4, port + 1)
    control.add(local, (source, receiver.address), rtp=1)
    control.write(control.target((alice.hub4, port + 2), outputs=2).command)  # stays half-built

    refusals = Refusals(t, table, control)
    refused = refusals.check

    t.step(f"{name}: ADD_TARGET")
    target = control.target((alice.hub4, port + 100), pts=(0, 8, 96), ssrcs=(1, 2, 3, 4))
    refused("ADD_TARGET", target.command, "target", bad_targets(habits), "EINVAL")
    refused("ADD_TARGET", target.command, "target", bad_srtp("decrypt"), "EINVAL")
    refused("ADD_TARGET", target.command, "target", [{"local": local}, {"local": (alice.hub4, port + 2)}], "EEXIST")
    t.step(f"{name}: payload types, which are numbered in shared memory")
    for numbers in ((8, 0, 96), (0, 0, 96), (0, 8, 8), (0, 8, 128), (0, 8, 256), (0, 8, ONES)):
        for stats, number in zip(target.pt_stats, numbers):
            stats["payload_type"] = number
        refused(f"ADD_TARGET, payload types {numbers}", target.command, "target", [{}], "EINVAL")
    for stats, number in zip(target.pt_stats, (0, 8, 96)):
        stats["payload_type"] = number

    t.step(f"{name}: ADD_DESTINATION")
    control.write(target.command)
    output = target.destination(0, source, receiver.address)
    place = "destination.output"
    refused("ADD_DESTINATION", output, place, bad_outputs(habits, bob), "EINVAL")
    refused("ADD_DESTINATION", output, place, bad_srtp("encrypt"), "EINVAL")
    refused("ADD_DESTINATION", output, place, addresses_of_nobody(bob), "EINVAL")
    subnet = bob.v4.rsplit(".", 1)[0]
    refused("ADD_DESTINATION", output, place, [{"dst_addr": (to, 9)} for to in ("255.255.255.255", f"{subnet}.255")],
            "EACCES")
    refused("ADD_DESTINATION", output, "destination", [{"num": n} for n in (1, 31, 32, 256, ONES)], "ERANGE")
    refused("ADD_DESTINATION", output, "destination",
            [{"local": bad} for bad in BAD_ADDRESSES] + [{"local": (alice.hub4, 9)}, {"local": (alice.hub6, port + 100)}], "ENOENT")
    refused("ADD_DESTINATION of a complete target", output, "destination", [{"local": local}], "EBUSY")

    t.step(f"{name}: the commands without a fault are taken")
    control.write(output)
    refused("ADD_DESTINATION again", output, "destination", [{}], "EBUSY")
    for each in (local, target.local):
        t.relayed("a target", alice.udp(), each, receiver, rtp.stream(20, ssrc=1), source=source)
    half = control.target((alice.hub4, port + 200), outputs=2)
    control.write(half.command)
    first = half.destination(1, source, receiver.address)
    control.write(first)
    refused("ADD_DESTINATION of the same index", first, "destination", [{}], "EEXIST")
    t.step(f"{name}: limits that are still allowed")
    widest = control.target((alice.hub4, port + 300), outputs=32, pts=tuple(range(96, 128)), ssrcs=(1, 2, 3, ONES), rtp=1)
    for media in () if habits.is_list else range(8):
        widest.command[f"target.mid_output[{media}].len"] = 255
        widest.command[f"target.media_output_idxs[{media}].rtp_start_idx"] = 31
        widest.command[f"target.media_output_idxs[{media}].rtp_end_idx"] = 32
    if habits.is_list:
        widest.command["target.num_rtcp_destinations"] = 31
    else:
        widest.command["target.pt_media_idx"] = [7] * 32
        widest.command["target.ssrc_media_idx"] = [7, ONES, 0, 7]
    widest.command["target.decrypt.mki_len"] = 255
    control.write(widest.command)
    fields = {"pt_output[31].replace_pattern_len": 16, "encrypt.rtp_auth_tag_len": 20}
    for n in range(32):
        control.write(widest.destination(n, source, receiver.address, **fields, **({} if habits.is_list else {"num_extmap_filter": 32})))
    t.relayed("all limits", alice.udp(), widest.local, receiver, rtp.stream(3, ssrc=ONES), source=source)
    return refusals.count
