# SPDX-License-Identifier: GPL-2.0-only
"""Of the keys of a target and of an output that were deleted, the machine's memory holds nothing any more."""

import os
import struct
import time

from guest import nft, rtp
from guest.abi import Struct
from guest.srtp import AES_CM, Crypto

KERNEL = "stock"  # KASAN keeps freed memory, with what is in it
SOAK_TIMEOUT = 120
MARK = 0xFF
# RFC 3711, B.3. Here, too, each bit is turned over, so that nothing but the module has them as they are.
MASTER_KEY = bytes.fromhex("1e0685f2c1fe741f29b05cd3f921bec6")
MASTER_SALT = bytes.fromhex("f1398a52b67501144969f4c55419")
SESSION_KEY = bytes.fromhex("39e1856c8bb0c611ef8cb501c0085f78")
SEEN = 4  # bytes of each that are looked for as they are
CHUNK = 1 << 20


def memory():
    """What /proc/kcore has of the machine's memory: where in the file, and how much."""
    with open("/proc/kcore", "rb") as file:
        header = file.read(64)
        start, size, count = (struct.unpack_from(form, header, at)[0] for form, at in (("=Q", 32), ("=H", 54), ("=H", 56)))
        file.seek(start)
        for entry in struct.iter_unpack("=IIQQQQQQ", file.read(size * count)):
            kind, _, offset, _, physical, length, _, _ = entry
            if kind == 1 and physical != (1 << 64) - 1:
                yield offset, length


def places(secrets):
    """How often each of them is in memory."""
    counts = dict.fromkeys(secrets, 0)
    begins = {name: bytes(byte ^ MARK for byte in secret[:SEEN]) for name, secret in secrets.items()}
    rests = {name: secret[SEEN:] for name, secret in secrets.items()}
    chunk = bytearray(CHUNK)
    fd = os.open("/proc/kcore", os.O_RDONLY)
    for offset, length in memory():
        for at in range(offset, offset + length, CHUNK):
            size = os.preadv(fd, [chunk], at)
            for name, begin in begins.items():
                found = chunk.find(begin, 0, size)
                while found >= 0:
                    rest = chunk[found + SEEN:found + SEEN + len(rests[name])]
                    counts[name] += all(byte ^ MARK == other for byte, other in zip(rest, rests[name], strict=False))
                    found = chunk.find(begin, found + 1, size)
    os.close(fd)
    chunk[:] = bytes(len(chunk))
    return counts


def write(control, command, place):
    """Writes a command with the keys, which are nowhere else, and forgets them."""
    for path, secret in ((f"{place}.master_key", MASTER_KEY), (f"{place}.master_salt", MASTER_SALT)):
        for number, byte in enumerate(secret):
            command[f"{path}[{number}]"] = byte ^ MARK
    os.write(control.fd, command.data)
    command.data[:] = bytes(len(command.data))


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    local, other, receiver = (alice.hub4, 4000), (alice.hub4, 4002), bob.udp()
    crypto = Crypto.new(AES_CM)  # whose keys are not the ones that are written in the end
    secrets = {"master key": MASTER_KEY, "session key": SESSION_KEY}

    t.step("an output has them, and another target")
    target = control.target(local, rtp=1)
    output = target.destination(0, (bob.hub4, 5000), receiver.address, **crypto.fields("encrypt"))
    control.write(target.command)
    write(control, output, "destination.output.encrypt")
    decrypts = control.target(other, rtp=1, **crypto.fields("decrypt"))
    write(control, decrypts.command, "target.decrypt")
    alice.udp().send(rtp.packet(1), local)
    t.true("it is relayed, encrypted", receiver.recv())
    counts = places(secrets)
    t.note(f"in use: {counts}")
    for name in secrets:
        t.true(f"the {name} is found in both while it is in use", counts[name] >= 2, counts)

    t.step("they are deleted")
    for to in (local, other):
        control.write(Struct("rtpengine_command_del_target", cmd=9, local=to))
    time.sleep(1)
    t.equal("afterwards", places(secrets), dict.fromkeys(secrets, 0))
    t.figure("keys looked for in the machine's memory", len(secrets))
