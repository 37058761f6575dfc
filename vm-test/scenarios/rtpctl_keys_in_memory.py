# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl leaves no key behind: no core file, nothing in its memory once the keys are used, nothing for others to read."""

import base64
import errno
import fcntl
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

from guest.srtp import Crypto

FOLDER = Path("/tmp/keys")
TIMEOUT = 30
USER = 1000
OPEN_AT, WRITE = 257, 1
# Long enough that none of them is there by chance, short enough to find a part of a key.
PART = 10


def forms(crypto):
    """What a key looks like, in parts: raw, in hexadecimal digits, in base64."""
    for secret in (crypto.key[:crypto.suite.key], crypto.key[crypto.suite.key:]):
        yield from (secret[:PART], secret[-PART:], secret[:PART].hex().encode(), secret[:PART].hex().upper().encode())
    text = base64.b64encode(crypto.key).rstrip(b"=")
    yield from (text[start:start + 16] for start in range(0, len(text) - 16, 8))


def found(data, *keys):
    """Which parts of the keys are in the data."""
    return [form for crypto in keys for form in forms(crypto) if form in data]


def text(crypto):
    return f"{crypto.suite.name}:inline:{base64.b64encode(crypto.key).decode()}"


def waits(t, process, call, argument=None):
    """The process is in a system call, on a first argument."""
    def now():
        words = Path(f"/proc/{process.pid}/syscall").read_text().split()
        return words[0] == str(call) and argument in (None, int(words[1], 16) if len(words) > 1 else None)

    t.eventually(f"rtpctl waits in system call {call}", now, True)


def memory(process):
    """All that the process can read, of its own memory."""
    pieces = []
    with open(f"/proc/{process.pid}/maps") as maps, open(f"/proc/{process.pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            where, access = line.split()[:2]
            if "r" in access and "[v" not in line:
                start, end = (int(each, 16) for each in where.split("-"))
                mem.seek(start)
                while start < end and (piece := mem.read(min(end - start, 1 << 20))):
                    pieces.append(piece)
                    start += len(piece)
    return b"".join(pieces)


def full_pipe():
    """A pipe that nothing more can be written to."""
    read, write = os.pipe()
    size = fcntl.fcntl(read, fcntl.F_GETPIPE_SZ)
    os.set_blocking(write, False)
    try:
        while size:
            os.write(write, bytes(4096))
    except BlockingIOError:
        pass
    os.set_blocking(write, True)
    return read, write


def run(t):
    alice, bob = t.peers("alice", "bob")
    FOLDER.mkdir()
    os.chmod(FOLDER, 0o777)
    t.host.sysctl("kernel.core_pattern", FOLDER / "core.%p")
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_CORE, unlimited)
    fifo = FOLDER / "fifo"
    os.mkfifo(fifo)
    os.chmod(fifo, 0o644)
    inward, outward = Crypto.new("AES_CM_128_HMAC_SHA1_80"), Crypto.new("AEAD_AES_256_GCM")
    files = []
    for n, crypto in enumerate((inward, outward)):
        files.append(FOLDER / f"key{n}")
        files[n].write_text(text(crypto) + "\n")
        os.chown(files[n], USER, USER)

    def started(argv, **options):
        return subprocess.Popen(argv, cwd="/", **options)

    def stream(decrypt, encrypt, port=4000):
        return ["rtpctl", "stream", "add", "-t", "0", "-l", f"{alice.hub4}:{port}", "--ssrc", "1", "--decrypt", decrypt,
                "--encrypt", encrypt, "--to", f"{bob.v4}:4002"]

    def core(process):
        return FOLDER / f"core.{process.pid}"

    t.step("another program with a key in its memory leaves a core file, and the key is found in it")
    other = started(["cat", str(fifo)], env={"KEY": text(inward)})
    waits(t, other, OPEN_AT)
    other.send_signal(signal.SIGABRT)
    other.wait(10)
    t.true("the core file has the key", found(core(other).read_bytes(), inward), core(other))

    t.step("rtpctl leaves none, for which signal ever, whoever runs it")
    for user in (0, USER):
        for number in (signal.SIGABRT, signal.SIGQUIT, signal.SIGTRAP):
            process = started(stream("env:KEY", f"file:{fifo}"), env={**os.environ, "KEY": text(inward)}, user=user)
            waits(t, process, OPEN_AT)
            t.true("it has read the first key", found(memory(process), inward))
            process.send_signal(number)
            t.equal("it ends by the signal", process.wait(10), -number)
            t.true("no core file", not core(process).exists())
    t.equal("no other file", sorted(each.name for each in FOLDER.glob("core.*")), [core(other).name])

    t.step("other processes of the same user cannot read what it was given")
    process = started(stream("env:KEY", f"file:{fifo}"), env={**os.environ, "KEY": text(inward)}, user=USER)
    waits(t, process, OPEN_AT)
    for name in ("environ", "mem", "maps", "stack", "auxv"):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)
            try:
                with open(f"/proc/{process.pid}/{name}", "rb") as file:
                    result = repr(file.read(16))
            except OSError as error:
                result = errno.errorcode[error.errno]
            os.write(write, result.encode())
            os._exit(0)
        os.close(write)
        t.true(name, os.fdopen(read).read() in ("EACCES", "EPERM"), name)
        os.waitpid(pid, 0)
    # The arguments are everybody's to read: what stands there is where the key is.
    t.equal("arguments", found(Path(f"/proc/{process.pid}/cmdline").read_bytes(), inward), [])
    process.kill()
    process.wait(10)

    t.step("once the keys are used nothing of them is left")
    t.rtpctl.ok("table", "add", 0)
    for what, port, out in (("done", 4000, 1), ("refused", 4000, 2)):
        read, write = full_pipe()
        process = started(stream(*(f"file:{each}" for each in files), port=port), **{("stdout", "stderr")[out - 1]: write})
        waits(t, process, WRITE, out)
        left = memory(process)
        t.true(f"{what}: memory is read at all", b"inline:" in left and len(left) > 1 << 20, len(left))
        t.equal(f"{what}: parts of keys in the memory", found(left, inward, outward), [])
        os.close(read)
        os.close(write)
        process.wait(10)
        t.equal(f"{what}: the stream", len(t.table(0).targets()), 1)
