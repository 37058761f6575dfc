# SPDX-License-Identifier: GPL-2.0-only
"""Lengths of keys, salts, tags and identifiers that do not fit are refused, whichever the cipher (defect 3)."""

from guest.refusals import ONES, Refusals

TIMEOUT = 40
# Lengths of master key and master salt: cipher number -> those that are right.
CIPHERS = {2: (16, 14), 3: (16, 14), 4: (24, 14), 5: (32, 14), 6: (16, 12), 7: (32, 12)}


def right(cipher):
    """Parameters of a cipher, in order."""
    key, salt = CIPHERS[cipher]
    return {"cipher": cipher, "hmac": 1 if cipher > 5 else 2, "master_key_len": key, "master_salt_len": salt,
            "session_key_len": key, "session_salt_len": salt, "rtp_auth_tag_len": 10, "rtcp_auth_tag_len": 4}


def wrong():
    """Parameters out of order: each a set of fields."""
    for key, values in (("cipher", (0, 8, ONES)), ("hmac", (0, 3, ONES))):
        yield from ({key: value} for value in values)
    for cipher, (key, salt) in CIPHERS.items():
        for name, lengths in (("master_key_len", (0, key - 1, key + 1, 33, 256 + key, ONES)),
                              ("master_salt_len", (0, salt - 1, salt + 1, 15, 256 + salt, ONES)),
                              ("session_key_len", (0, key - 1, key + 1, 33, ONES)),
                              ("session_salt_len", (0, salt - 1, salt + 1, 15, ONES)),
                              ("rtp_auth_tag_len", (21, 256, ONES)), ("rtcp_auth_tag_len", (21, 256, ONES)),
                              ("mki_len", (256, ONES))):
            yield from ({**right(cipher), name: length} for length in lengths)


def below(place, fields):
    return {f"{place}.{name}": value for name, value in fields.items()}


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=8)
    source, to = (bob.hub4, 4001), (bob.v4, 4002)
    refusals = Refusals(t, table, control)

    t.step("what a target receives")
    target = control.target((alice.hub4, 4100))
    refusals.check("ADD_TARGET", target.command, "target", (below("decrypt", each) for each in wrong()), "EINVAL")

    t.step("what an output sends")
    control.write(target.command)
    output = target.destination(0, source, to)
    refusals.check("ADD_DESTINATION", output, "destination.output", (below("encrypt", each) for each in wrong()), "EINVAL")
    control.write(output)

    t.step("every cipher with the right lengths is taken")
    for n, cipher in enumerate(CIPHERS):
        control.add((alice.hub4, 4400 + n), (source, to, below("encrypt", right(cipher))), **below("decrypt", right(cipher)))
    t.equal("targets", table.status()["Targets"], 1 + len(CIPHERS))
    t.figure("commands refused for a length of SRTP", refusals.count)
