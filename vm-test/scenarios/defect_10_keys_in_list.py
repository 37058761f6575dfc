# SPDX-License-Identifier: GPL-2.0-only
"""`list` shows keys to CAP_NET_ADMIN of the initial user namespace alone, by the credentials that opened the file."""

import os

from guest.srtp import Crypto

TIMEOUT = 10
NOBODY = 65534
SECRETS = ("master key", "master salt", "session key", "session salt", "session auth")


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready()
    suites = ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM")
    keys = [Crypto.new(suite) for suite in suites]
    control.add((alice.hub4, 4000), ((bob.hub4, 4001), (bob.v4, 4002), keys[1].fields("encrypt")), rtp=1, ssrcs=(1,),
                **keys[0].fields("decrypt"))

    t.step("the administrator sees them")
    path = "/proc/rtpengine/0/list"
    shown = open(path).read()
    for crypto, parts in zip(keys, ("AES-CM-128", "AEAD-AES-GCM-256")):
        t.true(f"cipher {parts} is shown", f"cipher: {parts}" in shown, shown)
        for part in (crypto.key[:crypto.suite.key], crypto.key[crypto.suite.key:]):
            t.true("the master key and salt are shown", part.hex() in shown, shown)
    t.equal("parameters shown", [shown.count(f" {name}: ") for name in SECRETS], [2] * 5)
    t.equal("nothing is redacted", shown.count("<redacted>"), 0)

    t.step("others do not")
    for what, enter in (("nobody", lambda: (os.setgid(NOBODY), os.setuid(NOBODY))),
                        ("root of another user namespace", lambda: os.unshare(os.CLONE_NEWUSER)),
                        ("nobody with the administrator's file", None)):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            file = open(path) if enter is None else None
            (enter or (lambda: (os.setgid(NOBODY), os.setuid(NOBODY))))()
            os.write(write, (file or open(path)).read().encode())
            os._exit(0)
        os.waitpid(pid, 0)
        os.close(write)
        text = os.fdopen(read).read()
        if enter is None:
            t.equal(f"{what}: as the opener saw it", text, shown)
            continue
        t.equal(f"{what}: secrets shown as redacted", text.count("<redacted>"), 2 * len(SECRETS))
        for crypto in keys:
            t.true(f"{what}: no key", crypto.key[:8].hex() not in text and crypto.key[-8:].hex() not in text, text)
        t.equal(f"{what}: the rest is the same", strip(text), strip(shown))


def strip(text):
    """The list without its secrets."""
    return [line for line in text.splitlines() if not line.strip().startswith(SECRETS)]
