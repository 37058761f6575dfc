# SPDX-License-Identifier: GPL-2.0-only
"""No key comes into the kernel's log, into what is readable, or into an error, however much is logged (log_errors, api_debug)."""

import base64
import os
import re
from pathlib import Path

from guest import nft, proc, rtp
from guest.actors import as_other, user
from guest.srtp import SUITES, Crypto, Sender

PARAMETERS = Path("/sys/module/xt_rtpengine_rs/parameters")
SSRC = 0x1234_5678


def log(since):
    """The kernel's log from a mark on."""
    fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    lines = []
    try:
        while True:
            try:
                lines.append(os.read(fd, 8192).decode(errors="replace"))
            except BlockingIOError:
                return "".join(lines).partition(since)[2]
            except BrokenPipeError:
                continue
    finally:
        os.close(fd)


def plain(text):
    """A text without what may stand between the numbers of a key: `0x`, commas, spaces."""
    return re.sub("0x|[^0-9a-z]", "", text.lower())


def forms(crypto):
    """The ways in which a key and its salt could be printed: as text, in base 64, or as numbers, hexadecimal or not."""
    yield plain(base64.b64encode(crypto.key).decode()[:12])
    for secret in (crypto.key[:crypto.suite.key], crypto.key[crypto.suite.key:]):
        yield plain(repr(secret[:8])[2:-1])
        for part in (secret[:8], secret[-8:]):
            for number in ("{:02x}", "{:x}", "{}"):
                yield "".join(number.format(byte) for byte in part)


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=32)
    nft.chain()
    nft.native_rule(0)
    for name in ("log_errors", "api_debug"):
        (PARAMETERS / name).write_text("Y")
    mark = f"from here on {os.getpid()}"
    Path("/dev/kmsg").write_text(mark + "\n")
    sender, receiver, keys, errors = alice.udp(), bob.udp(), [], []

    def key(suite):
        keys.append(Crypto.new(suite))
        return keys[-1]

    def refused(command):
        try:
            control.write(command)
        except OSError as error:
            errors.append(str(error))
            return
        t.fail("refused", "an error", "none")

    for n, suite in enumerate(SUITES):
        t.step(suite)
        inward, outward = key(suite), key(suite)
        local, source = (alice.hub4, 4000 + 2 * n), (bob.hub4, 6000 + n)
        target = control.target(local, rtp=1, ssrcs=(SSRC,), **inward.fields("decrypt"))
        output = target.destination(0, source, receiver.address, **outward.fields("encrypt"))
        # Refused for every reason, with the keys in the message.
        for field, value in (("decrypt.master_key_len", 15), ("decrypt.master_salt_len", 13), ("decrypt.cipher", 9),
                             ("decrypt.rtp_auth_tag_len", 21), ("decrypt.mki_len", 256), ("num_destinations", 33),
                             ("stats", 1 << 40)):
            bad = target.command.copy()
            bad[f"target.{field}"] = value
            refused(bad)
        refused(bytes(target.command)[:-1])
        refused(bytes(target.command) + b"x")
        control.write(target.command)
        refused(target.command)
        for field, value in (("output.encrypt.master_key_len", 33), ("output.encrypt.hmac", 7), ("num", 1),
                             ("output.dst_addr", ("255.255.255.255", 9)), ("output.stats", 8), ("local", (alice.hub4, 9))):
            bad = output.copy()
            bad[f"destination.{field}"] = value
            refused(bad)
        control.write(output)
        refused(output)
        # Packets that cannot be authenticated, that come twice, that are not what they seem, and those that can be relayed.
        libsrtp, forger = Sender(inward), Sender(key(suite))
        sealed = [libsrtp.rtp(each) for each in rtp.stream(4, ssrc=SSRC)]
        for each in (sealed[0], sealed[0], sealed[1], *(forger.rtp(each) for each in rtp.stream(4, ssrc=SSRC)), sealed[1][:13]):
            sender.send(each, local)
        t.true("relayed", receiver.recv())
        receiver.drain()
    t.step("what there is to read")
    seen = {"kernel log": log(mark), "error texts": "".join(errors), "status": (proc.ROOT / "0/status").read_text(),
            "tables": (proc.ROOT / "list").read_text(),
            "list of an ordinary user": as_other(t, user(), [lambda: table.list_text()])[0],
            "parameters": "".join(each.read_text() for each in PARAMETERS.iterdir())}
    t.true("refusals are in the log", seen["kernel log"].count("command refused") > 10 * len(SUITES), seen["kernel log"][:2000])
    searched = {where: plain(text) for where, text in seen.items()}
    for crypto in keys:
        for form in forms(crypto):
            for where, text in searched.items():
                t.true(f"no key in {where}", form not in text, form)
    t.figure("keys looked for in the kernel's log", len(keys))
