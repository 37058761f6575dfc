# SPDX-License-Identifier: GPL-2.0-only
"""Streams made with rtpctl take SRTP in and send SRTP out, with each suite, and no key is shown."""

import base64
import os
from pathlib import Path

from pylibsrtp import Error, Policy, Session

from guest import rtp
from guest.rtpctl import text

MODULE = ("rs", "c")

SSRC = 0x1234_5678
# Name, length of key and salt, length of the tag; and what libsrtp calls it, where it has it.
SUITES = [
    ("AES_CM_128_HMAC_SHA1_80", 30, 10, Policy.SRTP_PROFILE_AES128_CM_SHA1_80),
    ("AES_CM_128_HMAC_SHA1_32", 30, 4, Policy.SRTP_PROFILE_AES128_CM_SHA1_32),
    ("AEAD_AES_128_GCM", 28, 16, Policy.SRTP_PROFILE_AEAD_AES_128_GCM),
    ("AEAD_AES_256_GCM", 44, 16, Policy.SRTP_PROFILE_AEAD_AES_256_GCM),
    ("AES_192_CM_HMAC_SHA1_80", 38, 10, None),
    ("AES_192_CM_HMAC_SHA1_32", 38, 4, None),
    ("AES_256_CM_HMAC_SHA1_80", 46, 10, None),
    ("AES_256_CM_HMAC_SHA1_32", 46, 4, None),
    ("F8_128_HMAC_SHA1_80", 30, 10, None),
    ("F8_128_HMAC_SHA1_32", 30, 4, None),
    ("NULL_HMAC_SHA1_80", 30, 10, None),
    ("NULL_HMAC_SHA1_32", 30, 4, None),
]


def line(name, key, more=""):
    """SRTP parameters as rtpctl takes them."""
    return f"{name}:inline:{base64.b64encode(key).decode()}{more}"


def session(key, profile, way):
    """One direction of libsrtp."""
    return Session(Policy(key=key, ssrc_type=way, srtp_profile=profile))


def outcome(unprotect, data):
    """What libsrtp makes of a packet."""
    try:
        return unprotect(data)
    except Error as error:
        return error


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl, keys = t.rtpctl, []
    ctl.ok("table", "add", 0)
    ctl.ok("rule", "add", 0)
    ports = iter(range(4000, 5000, 2))

    def key(length):
        keys.append(os.urandom(length))
        return keys[-1]

    def add(local, *arguments):
        ctl.ok("stream", "add", "-t", 0, "--local", text(local), "--ssrc", hex(SSRC), "-p", 0, *arguments)

    def listed(local):
        return next(one for one in ctl.data("stream", "list", "-t", 0)["streams"] if one["local"] == text(local))

    for n, (name, length, tag, profile) in enumerate(SUITES):
        family = (4, 6)[n % 2]
        t.step(f"{name}, IPv{family}")
        sender, receiver, plain = alice.udp(family=family), bob.udp(family=family), bob.udp(family=family)
        if profile is not None:
            way_in, way_out, local = key(length), key(length), (alice.hub_address(family), next(ports))
            Path("/tmp/key").write_text(f"# of Alice\na=crypto:1 {name} inline:{base64.b64encode(way_in).decode()}|2^31\n")
            os.environ["RTPCTL_KEY"] = line(name, way_out)
            add(local, "--decrypt", "file:/tmp/key", "--encrypt", "env:RTPCTL_KEY", "--to", text(receiver.address),
                "--to", f"{text(plain.address)},encrypt=none")
            protect = session(way_in, profile, Policy.SSRC_ANY_OUTBOUND).protect
            unprotect = session(way_out, profile, Policy.SSRC_ANY_INBOUND).unprotect
            packets = rtp.stream(20, seq=65530)
            for data in packets:
                sender.send(protect(data), local)
            got = [receiver.recv() for _ in packets]
            t.equal("what libsrtp makes of it", [each and outcome(unprotect, each.data) for each in got], packets)
            t.equal("the output without encryption", [each and each.data for each in (plain.recv() for _ in packets)], packets)
            sender.send(session(key(length), profile, Policy.SSRC_ANY_OUTBOUND).protect(packets[0]), local)
            t.silent("a packet of another key", receiver, 0.1)
            t.equal("is an error", listed(local)["received"]["errors"], 1)
        forms = [("", tag)]
        # Not with the GCM suites: they take no parameters, and the C module leaves their MKI in the way.
        if name in ("AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80"):
            forms += [("|2^20|513:4", tag + 4), (" UNENCRYPTED_SRTP", tag), (" UNAUTHENTICATED_SRTP", 0)]
        for more, extra in forms:
            parameters, first = line(name, key(length), more), (alice.hub_address(family), next(ports))
            second = (bob.hub_address(family), next(ports))
            back = alice.udp(family=family)
            add(first, "--encrypt", parameters, "--to", text(receiver.address))
            add(second, "--decrypt", parameters, "--to", text(back.address))
            for data in rtp.stream(5):
                sender.send(data, first)
                seen = (receiver.recv() or t.fail(f"a packet of {name}{more}")).data
                clear = "NULL" in name or "UNENCRYPTED" in more
                t.equal(f"{more}: payload in the clear", seen[12:172] == data[12:172], clear)
                t.equal(f"{more}: MKI and tag", len(seen) - len(data), extra)
                if "513:4" in more:
                    t.equal("MKI", seen[172:176], bytes((0, 0, 2, 1)))
                receiver.send(seen, second)
                t.equal(f"{more}: there and back", (back.recv() or t.fail("a packet")).data, data)
        shown = {one["local"]: one for one in ctl.data("stream", "list", "-t", 0)["streams"]}
        shown = shown[text(first)]["outputs"][0]["encryption"], shown[text(second)]["decryption"]
        t.equal("listed alike", shown[0], shown[1])
        t.equal("listed tag", (shown[0] or {}).get("auth_tag_length"), None if "GCM" in name else extra)

    t.step("RTCP")
    name, length, _, profile = SUITES[0]
    way_in, way_out, local = key(length), key(length), (alice.hub4, next(ports))
    sender, media, reports = alice.udp(), bob.udp(), bob.udp()
    add(local, "--rtcp", "--decrypt", line(name, way_in),
        "--to", f"{text(media.address)},encrypt={line(name, way_out)},rtcp={text(reports.address)}")
    protect = session(way_in, profile, Policy.SSRC_ANY_OUTBOUND).protect_rtcp
    unprotect = session(way_out, profile, Policy.SSRC_ANY_INBOUND).unprotect_rtcp
    packets = [rtp.sender_report(SSRC), rtp.nack(SSRC), rtp.picture_loss(SSRC), rtp.receiver_report(SSRC)] * 3
    for data in packets:
        sender.send(protect(data), local)
    t.equal("what libsrtp makes of it", [each and outcome(unprotect, each.data) for each in (reports.recv() for _ in packets)],
            packets)

    t.step("no key is shown")
    shown = "".join(ctl.ok("stream", "list", "-t", 0, *more) for more in ((), ("--json",))).lower()
    t.true("there is something to see", "decryption" in shown and "aes-cm-128" in shown, shown[:500])
    for each in keys:
        for form in (each[:16].hex(), each[-12:].hex(), base64.b64encode(each).decode().lower()):
            t.true("no key", form not in shown)
    bad = f"AES_CM_128_HMAC_SHA1_80:inline:{base64.b64encode(b'S' * 29).decode()}"
    refused = ctl.run("stream", "add", "-t", 0, "-l", text((alice.hub4, 4998)), "--to", f"{text(media.address)},encrypt={bad}")
    t.equal("a short key", (refused.returncode, "29 bytes" in refused.stderr, "U1NT" in refused.stderr), (2, True, False))
