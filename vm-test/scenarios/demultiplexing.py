# SPDX-License-Identifier: GPL-2.0-only
"""STUN, DTLS, foreign sources and what is not RTP go where the target's switches say."""

from guest import control, nft, rtp


class Place:
    """A target with the socket that sees what is passed, and the one that sees what is relayed."""

    def __init__(self, t, handle, peers, port, family, **flags):
        alice, bob = peers
        self.t = t
        self.local = (alice.hub_address(family), port)
        self.passed = t.host.udp(*self.local)
        self.relayed = bob.udp(family=family)
        outputs = [] if flags.get("non_forwarding") else [((bob.hub_address(family), port), self.relayed.address)]
        self.target = handle.add(self.local, *outputs, **flags)
        self.sender = alice.udp(port, family)

    def sees(self, what, packets, where, sender=None):
        """Where packets come out, and nowhere else: "relayed", "passed" or "dropped"."""
        for data in packets:
            (sender or self.sender).send(data, self.local)
        socket = {"relayed": self.relayed, "passed": self.passed}.get(where)
        got = [socket.recv(1) for _ in packets] if socket else []
        self.t.equal(f"{what}: {where}", [each and each.data for each in got], list(packets) if socket else [])
        for name, socket in (("relayed", self.relayed), ("passed", self.passed)):
            self.t.silent(f"{what}: not {name}", socket, 0.01)

    def counts(self, what, packets, errors):
        """The target's counters."""
        self.t.equal(f"{what}: packets and errors", (self.target.stats["packets"], self.target.stats["errors"]),
                     (packets, errors))


def run(t):
    alice, bob = peers = t.peers("alice", "bob")
    handle = t.table(0).add().ready(pages=16)
    nft.chain()
    nft.native_rule(0)
    request = rtp.stun(attributes=b"\x80\x22\x00\x04test")
    # One each that fails a single part of the definition.
    not_stun = [rtp.stun(fingerprint=False) + bytes(8), rtp.stun(cookie=0x2112A443), rtp.stun() + b"\0",
                b"\xc0" + rtp.stun()[1:], rtp.stun(fingerprint=False), rtp.stun(fingerprint=False) + b"\x80\x28\0\x04"]
    hello = [rtp.dtls(first) for first in (20, 22, 63)]
    not_dtls = [rtp.dtls(first) for first in (0, 19, 64)]
    media = rtp.stream(3)

    for family in (4, 6):
        t.step(f"IPv{family}: STUN")
        place = Place(t, handle, peers, 4000, family, stun=1, rtp=1)
        place.sees("STUN", [request], "passed")
        place.counts("STUN", 0, 0)
        place.sees("what is not quite STUN", not_stun, "relayed")
        place.sees("RTP", media, "relayed")
        place.counts("all", len(not_stun) + 3, 0)
        place = Place(t, handle, peers, 4002, family, rtp=1)
        place.sees("STUN without the switch", [request], "relayed")

        t.step(f"IPv{family}: DTLS")
        place = Place(t, handle, peers, 4010, family, dtls=1, rtp=1)
        place.sees("DTLS", hello, "passed")
        place.counts("DTLS", 0, 0)
        place.sees("other first bytes", not_dtls, "relayed")
        place = Place(t, handle, peers, 4012, family, rtp=1)
        place.sees("DTLS without the switch", hello, "relayed")

        t.step(f"IPv{family}: a foreign source")
        expected = (alice.address(family), 4020)
        stranger = alice.udp(4999, family)
        for mode, where, errors in ((control.MISMATCH_IGNORE, "relayed", 0), (control.MISMATCH_DROP, "dropped", 3),
                                    (control.MISMATCH_PASS, "passed", 0)):
            place = Place(t, handle, peers, 4020 + 2 * mode, family, rtp=1, stun=1, dtls=1, src_mismatch=mode,
                          expected_src=(expected[0], 4020 + 2 * mode))
            place.sees(f"mode {mode}, the expected source", media, "relayed")
            place.sees(f"mode {mode}, a foreign port", media, where, stranger)
            place.counts(f"mode {mode}", 6 if where == "relayed" else 3, errors)
            place.sees(f"mode {mode}, STUN of a stranger", [request], "passed", stranger)
            place.sees(f"mode {mode}, DTLS of a stranger", hello, "passed" if mode == 0 else where, stranger)
        t.equal("errors of the interface", handle.iface_stats["in.errors"], 6 * (1 if family == 4 else 2))

        t.step(f"IPv{family}: a target that forwards nothing")
        place = Place(t, handle, peers, 4030, family, non_forwarding=1, rtp=1)
        place.sees("passes", media, "passed")
        place.counts("not counted", 0, 0)
        place = Place(t, handle, peers, 4032, family, non_forwarding=1, blackhole=1, rtp=1, stun=1)
        place.sees("drops with blackhole", media + [b"any"], "dropped")
        place.counts("counted", 4, 0)
        place.sees("STUN comes before", [request], "passed")

        t.step(f"IPv{family}: what is not RTP")
        odd = [b"x", bytes(11), b"\x00" * 40, rtp.packet(version=1), rtp.packet(version=3), rtp.packet(payload=b"")[:11],
               rtp.packet(csrc=range(15), payload=b"")[:-1], rtp.packet(extension=(0xBEDE, bytes(8)), payload=b"")[:-1],
               rtp.packet(extension=(0xBEDE, b""), payload=b"")[:-1]]
        place = Place(t, handle, peers, 4040, family, rtp=1)
        place.sees("is relayed as it is", odd, "relayed")
        place.counts("and counted", len(odd), 0)
        place = Place(t, handle, peers, 4042, family, rtp=1, rtp_only=1)
        place.sees("is passed when only RTP is wanted", odd, "passed")
        place.counts("and not counted", 0, 0)
        whole = [rtp.packet(csrc=range(15)), rtp.packet(extension=(0xBEDE, bytes(8))), rtp.packet(payload=b""),
                 rtp.packet(marker=True), rtp.packet(padding=4), rtp.packet(csrc=[1], extension=(1, b""), payload=b"")]
        place.sees("RTP of every form", whole, "relayed")
