# SPDX-License-Identifier: GPL-2.0-only
"""Hostile packets of every kind, each of which becomes what it has to, byte for byte, while valid traffic beside loses nothing."""

import os
import struct
from pathlib import Path

from guest import nft
from guest.packet_fuzz import Fuzz
from guest.srtp import SUITES, Crypto

TIMEOUT = 60
SOAK_TIMEOUT = 240
LONG_TIMEOUT = 3600
HOSTILE = {"test": 6_000, "soak": 200_000, "long": 5_000_000}
SEED = None  # a number of an earlier run has it come again
SSRCS = (0x1234_5678, 0x9ABC_DEF0)
# Packets that were joined: none of more than 1500 bytes comes by the link.
LONGER = """
table inet longer {
  chain in { type filter hook prerouting priority -500; meta length > 1500 udp dport 4000-4999 counter name longer; }
  counter longer {}
}
"""
MEDIA = {"media_output_idxs[0].rtp_end_idx": 1, "media_output_idxs[0].rtcp_start_idx": 1, "media_output_idxs[0].rtcp_end_idx": 2}
JOINED = 5_000  # of each kind
RARE = ("jumbo", "srtp: key identifier changed")
RELAYED, PASSED, DROPPED, NOWHERE = "relayed", "passed", "dropped", "nowhere"


def plain_targets(fuzz, family):
    """Targets that read packets as they come."""
    add, usual = fuzz.add, (RELAYED, PASSED, NOWHERE)
    add("plain", family, [{}], usual, rtp=1)
    add("opaque", family, [{}], (RELAYED, NOWHERE))
    add("strict", family, [{}], usual, carries=True, rtp=1, rtp_only=1, pt_filter=1, ssrc_req=1, ssrcs=SSRCS, rtp_stats=1)
    add("demultiplexing", family, [{}], (*usual, DROPPED), rtp=1, stun=1, dtls=1, src_mismatch=1)
    add("other sources passed", family, [{}], usual, rtp=1, stun=1, dtls=1, src_mismatch=2)
    add("forwarding nothing", family, [], (PASSED, NOWHERE), carries=False, rtp=1, non_forwarding=1)
    add("blackhole", family, [], (PASSED, DROPPED, NOWHERE), carries=False, rtp=1, non_forwarding=1, blackhole=1, stun=1)
    add("intercepted", family, [], (PASSED, DROPPED, NOWHERE), carries=False, rtp=1, non_forwarding=1, do_intercept=1)
    add("RTCP", family, [{}, {"rtcp": 1}], usual, rtp=1, rtcp_fw=1, rtcp_fb_fw=1, **MEDIA)
    add("feedback", family, [{}, {"rtcp": 1}], usual, rtp=1, rtcp_fb_fw=1, stun=1, dtls=1, **MEDIA)
    add("extensions", family, [
        {"extmap": 1, "num_extmap_filter": 3, "extmap_filter": bytes((1, 3, 14)), "extmap_mid": 4, "extmap_mid_len": 5,
         "extmap_mid_str": b"audio"},
        {"extmap": 1, "num_extmap_filter": 1, "extmap_filter": b"\7"},
        {"extmap": 1, "extmap_mid": 77, "extmap_mid_len": 30, "extmap_mid_str": b"x" * 30}], usual, rtp=1, extmap=1, extmap_mid=2,
        **{"mid_output[0].mid": b"audio", "mid_output[0].len": 5, "mid_output[1].mid": b"0", "mid_output[1].len": 1,
           "media_output_idxs[0].rtp_end_idx": 2, "media_output_idxs[1].rtp_start_idx": 2, "media_output_idxs[1].rtp_end_idx": 3})
    add("rewriting", family, [{
        "ssrc_subst": 1, "ssrc_out[0]": b"\xaa\xbb\xcc\xdd", "seq_offset[0]": 0xFF00, "seq_offset[1]": 7,
        "pt_output[0].replace_pattern": b"xyz", "pt_output[0].replace_pattern_len": 3, "pt_output[1].min_payload_len": 40,
        "pt_output[2].blackhole": 1}], (RELAYED, PASSED, DROPPED, NOWHERE), carries=False, rtp=1, ssrcs=SSRCS, rtp_stats=1)
    add("many outputs", family, [{}] * 31 + [{"extmap": 1}], usual, share=3, rtp=1, stun=1)


def srtp_targets(fuzz):
    """Targets that decrypt, that encrypt, and that do both."""
    def key(suite, place, mki=0):
        return {**Crypto.new(suite).fields(place), f"{place}.mki_len": mki, f"{place}.mki": bytes(range(mki))}

    usual = (RELAYED, PASSED, DROPPED, NOWHERE)
    for number, suite in enumerate(SUITES):
        family = 4 + 2 * (number % 2)
        listed = {"ssrcs": SSRCS} if number % 3 else {}
        fuzz.add(f"from {suite}", family, [{}, {"rtcp": 1}], usual, rtp=1, rtcp_fb_fw=1, rtp_stats=number % 4 == 1, **listed,
                 **MEDIA, **key(suite, "decrypt", mki=4 if number % 5 == 2 else 0))
        output = key(suite, "encrypt", mki=3 if number % 5 == 3 else 0)
        fuzz.add(f"to {suite}", 10 - family, [output, {"rtcp": 1, **output}], (RELAYED, PASSED, NOWHERE), rtp=1, rtcp_fw=1,
                 rtcp_fb_fw=1, shared_counters=number % 3 == 1, **listed, **MEDIA)
    names = list(SUITES)
    for number, suite in enumerate(names[1::4]):
        outputs = [key(other, "encrypt") for other in (names[number], names[-1 - number])]
        fuzz.add(f"from {suite} to others", 4 + 2 * (number % 2), [*outputs, {}, {"rtcp": 1, **outputs[0]}], usual, rtp=1, rtcp_fw=1,
                 stun=1, dtls=1, ssrcs=SSRCS, **key(suite, "decrypt"),
                 **{"media_output_idxs[0].rtp_end_idx": 3, "media_output_idxs[0].rtcp_start_idx": 3,
                    "media_output_idxs[0].rtcp_end_idx": 4})


def valid_streams(fuzz):
    """Targets that only valid packets are sent to."""
    fuzz.stream("plain", 4, 172, [{}], rtp=1)
    fuzz.stream("plain, two outputs", 6, 60, [{}, {}], rtp=1, rtp_stats=1, ssrcs=SSRCS)
    fuzz.stream("from SRTP", 4, 172, [{}], rtp=1, ssrcs=SSRCS, **Crypto.new("AES_CM_128_HMAC_SHA1_80").fields("decrypt"))
    fuzz.stream("to SRTP", 6, 900, [Crypto.new("AEAD_AES_256_GCM").fields("encrypt")], rtp=1, ssrcs=SSRCS)


def check(t, fuzz, figures):
    """The module's counters are what the program expects."""
    for place in (*fuzz.places, *fuzz.streams):
        want = (figures["places"] if place in fuzz.places else figures["streams"])[place.name]
        stats = place.target.stats
        t.equal(f"{place.name}: packets, bytes and errors", [stats[name] for name in ("packets", "bytes", "errors")],
                [want[name] for name in ("packets", "bytes", "errors")])
        t.equal(f"{place.name}: packets of each output", [output["packets"] for output in place.target.outputs], want["outputs"])


def run(t, early=()):
    """With rules at the places `early` beside the one at the input hook."""
    seed = struct.unpack("=I", os.urandom(4))[0] if SEED is None else SEED
    t.note(f"seed {seed}")
    alice, bob, carol = t.peers("alice", "bob", "carol")
    # What is incomplete is forgotten some time, but not while a starved machine puts the rest on the link.
    t.fragments(15)
    for key in ("ipv4.ipfrag_high_thresh", "ipv6.ip6frag_high_thresh"):
        t.host.sysctl(f"net.{key}", 256 << 20)
    fuzz = Fuzz(t.table(0).add().ready(pages=64), alice, bob, carol, seed)
    nft.chain()
    nft.native_rule(0)
    for where in early:
        nft.Early(where, devices=(alice.hub_dev, bob.hub_dev, carol.hub_dev), priority=-300)
    t.host.run("nft", "-f", "-", stdin=LONGER)
    for family in (4, 6):
        plain_targets(fuzz, family)
    srtp_targets(fuzz)
    valid_streams(fuzz)
    fuzz.start()

    total = t.sized(**HOSTILE)
    t.step(f"seed {seed}: checksums and bursts left to the devices")
    figures = fuzz.round(total * 6 // 10)
    check(t, fuzz, figures)

    t.step(f"seed {seed}: checksums computed, bursts cut")
    for ns, dev in ((alice.ns, alice.dev), (t.host, bob.hub_dev)):
        ns.run("ethtool", "-K", dev, "tx", "off", "tx-udp-segmentation", "off")
    figures = fuzz.round(total * 4 // 10, offload=False)
    check(t, fuzz, figures)

    alice.ns.run("ethtool", "-K", alice.dev, "tx", "on")
    Path(f"/sys/class/net/{alice.hub_dev}/gro_flush_timeout").write_text("20000000")
    for what, settings in (("joined for forwarding", ("gro", "on", "rx-udp-gro-forwarding", "on")),
                           ("joined into lists", ("gro", "on", "rx-udp-gro-forwarding", "off", "rx-gro-list", "on"))):
        t.step(f"seed {seed}: packets that are {what}")
        t.host.run("ethtool", "-K", alice.hub_dev, *settings)
        before = nft.counter("longer", "longer")
        joined = min(total // 20, JOINED)
        figures = fuzz.round(joined, joined=True)
        check(t, fuzz, figures)
        longer = nft.counter("longer", "longer") - before
        t.note(f"{what}: {longer} packets longer than the link takes, of {joined} sent")
        t.true("some were joined", longer > joined // 100, longer)
    if t.size != "test":  # a few do not show it
        balanced(t, fuzz, figures, total)
    report(t, figures, total)


def balanced(t, fuzz, figures, total):
    """Nothing is left out: each target, each way, each kind."""
    for place in fuzz.places:
        tally = figures["places"][place.name]
        each = tally["hostile"] + tally["valid"]
        t.true(f"{place.name}: a share of what is sent", each * len(fuzz.places) * 40 >= total, tally)
        for way in place.reaches:
            t.true(f"{place.name}: enough are {way}", tally[way] * 100 >= each, tally)
    for kind, (sent, _) in figures["kinds"].items():
        t.true(f"enough of {kind}", sent >= total // (30_000 if kind in RARE else 3_000), figures["kinds"])


def report(t, figures, total):
    """There was enough, and none of the valid packets is lost."""
    sums = {what: sum(each[what] for each in figures["places"].values())
            for what in ("hostile", "valid", "relayed", "passed", "dropped", "nowhere", "bursts", "errors")}
    t.true(f"at least {total} hostile datagrams", sums["hostile"] >= total, sums)
    sent = sum(each["sent"] for each in figures["streams"].values())
    received = sum(each["received"] for each in figures["streams"].values())
    t.equal("valid packets lost", sent - received, 0)
    t.true("enough valid packets beside", sent * 10 >= total, figures["streams"])
    t.figure("hostile datagrams", sums["hostile"])
    t.figure("hostile kinds", len(figures["kinds"]))
    t.figure("targets", len(figures["places"]))
    t.figure("relayed", sums["relayed"])
    t.figure("passed", sums["passed"])
    t.figure("dropped", sums["dropped"])
    t.figure("refused by lengths, checksums and fragments", sums["nowhere"])
    t.figure("valid packets among them", sums["valid"])
    t.figure("valid packets beside", sent)
    t.figure("valid packets lost", sent - received)
    for kind, (sent, relayed) in figures["kinds"].items():
        t.figure(f"{kind}: sent", sent)
        t.figure(f"{kind}: relayed", relayed)
    t.note(", ".join(f"{name} {number}" for name, number in sums.items()))
