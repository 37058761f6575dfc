# SPDX-License-Identifier: GPL-2.0-only
"""SRTP endpoints over libsrtp2 (AES-F8, which it lacks, over `cryptography`), and the `crypto` attributes (SDES, RFC 4568) that key them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pylibsrtp
from pylibsrtp import ffi, lib

with contextlib.suppress(ImportError):  # Debian 13's userland is without it, and so without AES-F8 and Indices
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import Failure

# Numbers of libsrtp's ciphers, authentications and services (srtp.h, cipher_types.h, auth.h).
_ICM_128, _ICM_192, _ICM_256, _GCM_128, _GCM_256 = 1, 4, 5, 6, 7
_F8 = -1  # not one of them
_NO_AUTH, _HMAC_SHA1 = 0, 3
# The same ciphers in the numbering of the interface.
_INTERFACE = {_ICM_128: 2, _F8: 3, _ICM_192: 4, _ICM_256: 5, _GCM_128: 6, _GCM_256: 7}
_CONFIDENTIAL, _AUTHENTIC = 1, 2


@dataclass(frozen=True)
class Suite:
    """A crypto suite: its cipher in libsrtp's numbering, and lengths in bytes."""

    name: str
    cipher: int
    key: int
    salt: int
    rtp_tag: int
    rtcp_tag: int
    services: int = _CONFIDENTIAL | _AUTHENTIC

    @property
    def aead(self) -> bool:
        """Whether the cipher authenticates by itself."""
        return self.cipher in (_GCM_128, _GCM_256)


# All that the daemon knows. The keys of NULL are derived as those of AES_CM_128, whose encryption it lacks.
SUITES = {suite.name: suite for suite in (
    Suite("AEAD_AES_256_GCM", _GCM_256, 32, 12, 16, 16),
    Suite("AEAD_AES_128_GCM", _GCM_128, 16, 12, 16, 16),
    Suite("AES_256_CM_HMAC_SHA1_80", _ICM_256, 32, 14, 10, 10),
    Suite("AES_256_CM_HMAC_SHA1_32", _ICM_256, 32, 14, 4, 10),
    Suite("AES_192_CM_HMAC_SHA1_80", _ICM_192, 24, 14, 10, 10),
    Suite("AES_192_CM_HMAC_SHA1_32", _ICM_192, 24, 14, 4, 10),
    Suite("AES_CM_128_HMAC_SHA1_80", _ICM_128, 16, 14, 10, 10),
    Suite("AES_CM_128_HMAC_SHA1_32", _ICM_128, 16, 14, 4, 10),
    Suite("F8_128_HMAC_SHA1_80", _F8, 16, 14, 10, 10),
    Suite("F8_128_HMAC_SHA1_32", _F8, 16, 14, 4, 10),
    Suite("NULL_HMAC_SHA1_80", _ICM_128, 16, 14, 10, 10, _AUTHENTIC),
    Suite("NULL_HMAC_SHA1_32", _ICM_128, 16, 14, 4, 10, _AUTHENTIC),
)}
AES_CM = "AES_CM_128_HMAC_SHA1_80"

_ATTRIBUTE = re.compile(r"a=crypto:(\d+) (\S+) inline:([A-Za-z0-9+/]+=*)(\S*)((?: [A-Z]\S*)*)")


@dataclass(frozen=True)
class Crypto:
    """A `crypto` attribute: a suite and the key of one direction."""

    suite: Suite
    key: bytes
    tag: int = 1
    parameters: tuple[str, ...] = ()

    @classmethod
    def new(cls, suite: str, tag: int = 1, parameters: tuple[str, ...] = ()) -> "Crypto":
        """One with a random key; `parameters` are session parameters such as `UNENCRYPTED_SRTP`."""
        found = SUITES[suite]
        return cls(found, os.urandom(found.key + found.salt), tag, parameters)

    def fields(self, place: str) -> dict[str, object]:
        """The parameters as fields of ADD_TARGET (`decrypt`) or of an output (`encrypt`)."""
        suite, words = self.suite, self.parameters
        plain = "UNENCRYPTED_SRTP" in words or not suite.services & _CONFIDENTIAL
        values: dict[str, object] = {
            "cipher": 1 if plain else _INTERFACE[suite.cipher], "hmac": 1 if suite.aead else 2,
            "master_key": self.key[:suite.key], "master_key_len": suite.key, "session_key_len": suite.key,
            "master_salt": self.key[suite.key:], "master_salt_len": suite.salt, "session_salt_len": suite.salt,
            "rtp_auth_tag_len": 0 if suite.aead or "UNAUTHENTICATED_SRTP" in words else suite.rtp_tag,
            "rtcp_auth_tag_len": 0 if suite.aead else suite.rtcp_tag}
        return {f"{place}.{name}": value for name, value in values.items()}

    def line(self) -> str:
        """The attribute's line."""
        words = (f"a=crypto:{self.tag} {self.suite.name} inline:{base64.b64encode(self.key).decode()}", *self.parameters)
        return " ".join(words)


def cryptos(sdp: str) -> list[Crypto]:
    """The `crypto` attributes of a session description whose suites are known here."""
    return [Crypto(SUITES[suite], base64.b64decode(key + "=" * (-len(key) % 4)), int(tag), tuple(parameters.split()))
            for tag, suite, key, _, parameters in _ATTRIBUTE.findall(sdp) if suite in SUITES]


@dataclass
class _Policy:
    """What pylibsrtp takes for a policy; its own class knows four suites only."""

    crypto: Crypto
    ssrc_type: int
    _policy: object = field(init=False)

    def __post_init__(self) -> None:
        suite, words = self.crypto.suite, self.crypto.parameters
        self._policy = policy = ffi.new("srtp_policy_t *")
        self._key = ffi.new("unsigned char[]", self.crypto.key)
        policy.key = self._key
        policy.ssrc.type = self.ssrc_type
        for part, tag, plain, unsigned in (
                (policy.rtp, suite.rtp_tag, "UNENCRYPTED_SRTP" in words, "UNAUTHENTICATED_SRTP" in words),
                (policy.rtcp, suite.rtcp_tag, "UNENCRYPTED_SRTCP" in words, False)):
            services = suite.services & ~(_CONFIDENTIAL if plain else 0) & ~(_AUTHENTIC if unsigned else 0)
            hmac = not suite.aead and not unsigned
            # srtp_crypto_policy_t: cipher and the length of its key with the salt, authentication, its key, its tag, services.
            ffi.buffer(ffi.addressof(part))[:] = struct.pack(
                "=IiIiii", suite.cipher, suite.key + suite.salt, _HMAC_SHA1 if hmac else _NO_AUTH, 20 if hmac else 0,
                0 if unsigned else tag, services)


def _session_keys(crypto: Crypto, label: int) -> tuple[bytes, bytes, bytes]:
    """Session key, authentication key and salt (RFC 3711, 4.3): those of RTP from label 0 on, those of RTCP from 3 on."""
    size = crypto.suite.key
    master, salt = crypto.key[:size], crypto.key[size:].ljust(14, b"\0")

    def derive(number: int, length: int) -> bytes:
        start = bytearray(salt + bytes(2))
        start[7] ^= label + number
        return Cipher(algorithms.AES(master), modes.CTR(bytes(start))).encryptor().update(bytes(length))

    return derive(0, size), derive(1, 20), derive(2, crypto.suite.salt)


class _F8Session:
    """AES in f8-mode with HMAC-SHA1 (RFC 3711), for RTP without rollover. Names as those of pylibsrtp's sessions."""

    def __init__(self, crypto: Crypto) -> None:
        self._tag = crypto.suite.rtp_tag
        key, self._auth, self._salt = _session_keys(crypto, 0)
        self._block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        mask = _xor(key, self._salt + b"\x55\x55")
        self._first = Cipher(algorithms.AES(mask), modes.ECB()).encryptor()

    def protect(self, packet: bytes) -> bytes:
        """The packet encrypted, with its tag."""
        sealed = packet[:12] + self._crypt(packet)
        return sealed + self._sign(sealed)

    def unprotect(self, packet: bytes) -> bytes:
        """The packet decrypted; an error as of libsrtp when its tag is wrong."""
        sealed, tag = packet[:-self._tag], packet[-self._tag:]
        if tag != self._sign(sealed):
            raise pylibsrtp.Error("authentication failure")
        return sealed[:12] + self._crypt(sealed)

    def _sign(self, sealed: bytes) -> bytes:
        return hmac.new(self._auth, sealed + bytes(4), hashlib.sha1).digest()[:self._tag]

    def _crypt(self, packet: bytes) -> bytes:
        start = self._first.update(b"\0" + packet[1:12] + bytes(4))
        stream, last = b"", bytes(16)
        for number in range((len(packet) - 12 + 15) // 16):
            last = self._block.update(_xor(_xor(start, number.to_bytes(16, "big")), last))
            stream += last
        return _xor(packet[12:], stream)


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b))


def _session(crypto: Crypto, ssrc_type: int) -> pylibsrtp.Session:
    if crypto.suite.cipher == _F8:
        return _F8Session(crypto)  # type: ignore[return-value]
    return pylibsrtp.Session(_Policy(crypto, ssrc_type))  # type: ignore[arg-type]


class Sender:
    """Protects the packets of one direction."""

    def __init__(self, crypto: Crypto) -> None:
        self.crypto = crypto
        self._session = _session(crypto, lib.ssrc_any_outbound)

    def rtp(self, packet: bytes) -> bytes:
        """The SRTP packet."""
        return self._session.protect(packet)

    def rtcp(self, packet: bytes) -> bytes:
        """The SRTCP packet."""
        return self._session.protect_rtcp(packet)


class Receiver:
    """Authenticates and decrypts the packets of one direction; a packet that libsrtp refuses fails the scenario."""

    def __init__(self, crypto: Crypto) -> None:
        self.crypto = crypto
        self._session = _session(crypto, lib.ssrc_any_inbound)

    def rtp(self, packet: bytes) -> bytes:
        """The RTP packet."""
        return self._open("SRTP", self._session.unprotect, packet)

    def rtcp(self, packet: bytes) -> bytes:
        """The RTCP packet."""
        return self._open("SRTCP", self._session.unprotect_rtcp, packet)

    def _open(self, what: str, unprotect: object, packet: bytes) -> bytes:
        try:
            return unprotect(packet)  # type: ignore[operator,no-any-return]
        except pylibsrtp.Error as error:
            raise Failure(f"{what} packet of {self.crypto.suite.name} opens: {error}", "no error", packet) from error


class Indices:
    """Tells the index that a packet was protected with (AES-CM with HMAC-SHA1, AES-GCM), whatever came before it.

    `used` are all that it told, as (SSRC, "RTP" or "RTCP", index), in their order: one that comes twice has given keystream away.
    """

    def __init__(self, crypto: Crypto) -> None:
        self.crypto = crypto
        self.used: list[tuple[int, str, int]] = []
        self._rtp, self._rtcp = _session_keys(crypto, 0), _session_keys(crypto, 3)

    def rtp(self, packet: bytes, rounds: Iterable[int] = range(4)) -> tuple[int, bytes]:
        """The index of an SRTP packet without CSRCs and extension, whose rollover counter is one of `rounds`, and the packet in plain."""
        seq, ssrc = struct.unpack_from(">H4xI", packet, 2)
        for roc in rounds:
            plain = self._open(self._rtp, ssrc, roc << 16 | seq, packet, 12, self.crypto.suite.rtp_tag, roc.to_bytes(4, "big"))
            if plain is not None:
                self.used.append((ssrc, "RTP", roc << 16 | seq))
                return roc << 16 | seq, packet[:12] + plain
        raise Failure(f"SRTP packet of {self.crypto.suite.name} has a rollover counter of {list(rounds)}", "an authentic packet", packet)

    def rtcp(self, packet: bytes) -> tuple[int, bytes]:
        """The index of an SRTCP packet, and the packet in plain."""
        aead, tag = self.crypto.suite.aead, self.crypto.suite.rtcp_tag
        end = len(packet) if aead else len(packet) - tag
        word, ssrc = packet[end - 4:end], struct.unpack_from(">I", packet, 4)[0]
        index = int.from_bytes(word, "big") & 0x7FFF_FFFF
        sealed = packet[:end - 4] if aead else packet[:end - 4] + packet[end:]
        plain = self._open(self._rtcp, ssrc, index, sealed, 8, tag, word)
        if plain is None:
            raise Failure(f"SRTCP packet of {self.crypto.suite.name}", "an authentic packet", packet)
        self.used.append((ssrc, "RTCP", index))
        return index, packet[:8] + plain

    def twice(self) -> list[tuple[int, str, int]]:
        """Indices that were used more than once."""
        return sorted(each for each, count in Counter(self.used).items() if count > 1)

    def _open(self, keys: tuple[bytes, bytes, bytes], ssrc: int, index: int, packet: bytes, header: int, tag: int,
              more: bytes) -> bytes | None:
        """The payload in plain. `more` is authenticated but not part of `packet`: rollover counter, or the word of an SRTCP index."""
        key, auth, salt = keys
        place = struct.pack(">I", ssrc) + index.to_bytes(6, "big")
        if self.crypto.suite.aead:
            associated = packet[:header] + (more if header == 8 else b"")
            try:
                return AESGCM(key).decrypt(_xor(bytes(2) + place, salt), packet[header:], associated)
            except InvalidTag:
                return None
        sealed, found = packet[:-tag], packet[-tag:]
        if hmac.new(auth, sealed + more, hashlib.sha1).digest()[:tag] != found:
            return None
        start = _xor(bytes(4) + place, salt) + bytes(2)
        return Cipher(algorithms.AES(key), modes.CTR(start)).encryptor().update(sealed[header:])
