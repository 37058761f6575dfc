# SPDX-License-Identifier: GPL-2.0-only
"""RTP is encrypted by the drivers that `status` names, or without them by the library: to the same bytes, and what is forged is passed as it came."""

from pathlib import Path

from guest import module, nft, rtp
from guest.srtp import AES_CM, Crypto, Receiver, Sender

MODULE = None
KERNEL = "stock"  # the other one has the drivers built in
MACHINE = "icount"  # one of its own: nobody else has used the drivers, which cannot be unloaded then
TIMEOUT = 60
SUITES = (AES_CM, "AES_256_CM_HMAC_SHA1_80", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
SIZES = (0, 1, 160, 1200)


def run(t):
    alice, bob = t.peers("alice", "bob")
    nft.chain()
    t.step("drivers are loaded with the module")
    module.load("rs")
    named = t.table(0).add().status()["Ciphers"].split(", ")
    t.note(f"with aesni_intel: {named}")
    if Path("/sys/module/aesni_intel").exists():
        t.true("both are those of aesni_intel", all("aesni" in name or "vaes" in name for name in named), named)
    suites(t, alice, bob, 4000)
    t.table(0).kill()
    t.equal("the module unloads", module.unload_soon("rs"), None)

    t.step("what else there is, without aesni_intel")
    t.host.run("modprobe", "-r", "aesni_intel", check=False)
    helper = Path("/proc/sys/kernel/modprobe")
    usual = helper.read_text()
    helper.write_text("/bin/false")  # nor can the module ask for it
    module.load("rs")
    helper.write_text(usual)
    named = t.table(0).add().status()["Ciphers"].split(", ")
    t.note(f"without it: {named}")
    t.true("none is that of aesni_intel", not any("aesni" in name for name in named), named)
    suites(t, alice, bob, 4100)
    t.table(0).kill()
    t.equal("the module unloads", module.unload_soon("rs"), None)
    t.host.run("modprobe", "aesni_intel", check=False)


def suites(t, alice, bob, port):
    """Each suite in and out."""
    nft.native_rule(0)
    control = t.table(0).ready(pages=16)
    for number, name in enumerate(SUITES):
        t.step(name)
        crypto = Crypto.new(name)
        local, source = (alice.hub4, port + 2 * number), (bob.hub4, 4501)
        receiver, passed, caller = bob.udp(), t.host.udp(*local), alice.udp()
        sender, opened = Sender(crypto), Receiver(crypto)
        target = control.add(local, (source, receiver.address, crypto.fields("encrypt")), rtp=1, ssrcs=(7,), **crypto.fields("decrypt"))
        seq = 0

        def genuine(what, payload):
            nonlocal seq
            seq += 1
            packet = rtp.packet(seq=seq, ssrc=7, payload=payload)
            protected = sender.rtp(packet)
            caller.send(protected, local)
            got = receiver.recv(5)
            t.equal(f"{name}: {what} of {len(payload)} bytes, relayed", got and opened.rtp(got.data), packet)
            return protected

        for size in SIZES:
            first = genuine("payload", bytes(range(256)) * (size // 256) + bytes(size % 256))
            # The first one is decrypted, and encrypted again, by AES-GCM in one call; those that follow are hashed first.
            for at in (-1, 12, 4):
                forged = bytearray(first)
                forged[at] ^= 1
                caller.send(bytes(forged), local)
                got = passed.recv(5)
                t.equal(f"{name}: what is forged, as it came", got and got.data, bytes(forged))
            before = target.stats["errors"]
            caller.send(first, local)
            t.silent(f"{name}: what is sent again", receiver)
            t.equal(f"{name}: errors for it", target.stats["errors"] - before, 1)
        for _ in range(70):  # after so many AES-GCM is opened in one call again
            last = genuine("payload", b"again")
        caller.send(last[:-1] + bytes((last[-1] ^ 1,)), local)
        got = passed.recv(5)
        t.equal(f"{name}: what is forged then", got and got.data, last[:-1] + bytes((last[-1] ^ 1,)))
    control.close()
    nft.flush()
