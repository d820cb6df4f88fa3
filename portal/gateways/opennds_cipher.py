"""openNDS's own writing: the payload of its redirect, its hashes, and our signed session length.

Observed on 9.10.0 and 10.3.1. The payload is `name=value` pairs joined by ", ". Levels 1 and 4 send base64 of it; 2 and 3
send base64(base64(AES-256-CBC)): the key is the faskey's bytes padded with NUL (or cut) to 32, the IV is the 16 ASCII
characters of `iv` themselves, padding PKCS#7. A "+" of the base64 is not escaped and reaches us as a blank.
"""

import base64
import binascii
import hashlib
import hmac
import re
import string

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from portal.gateways.base import BadArrival

MAX_PAYLOAD = 12_000  # characters of base64: openNDS stops at a query of 8,192 bytes
ENCRYPTED = (2, 3)
_UNRESERVED = frozenset((string.ascii_letters + string.digits + "-_.~").encode())
_IV = re.compile(r"\A[0-9a-f]{16}\Z")
_ONCE = ("hid", "clientip", "clientmac", "gatewayname", "gatewayaddress", "authdir", "originurl", "clientif")


def open_payload(level: int, fas: str, iv: str, faskey: str) -> dict[str, str]:
    """The pairs of a redirect, by name: the order differs between versions. Raises BadArrival `malformed`.

    One error for bad base64, bad padding and odd text alike, so that nobody can ask us about the cipher's insides.
    """
    if (level in ENCRYPTED) != bool(iv) or len(fas) > MAX_PAYLOAD:
        raise BadArrival("malformed")
    plain = _unbase64(fas.replace(" ", "+"))
    if level in ENCRYPTED:
        plain = _decrypt(_unbase64(plain.decode("ascii", "replace")), iv, faskey)
    return _pairs(plain)


def seal_payload(level: int, plain: str, iv: str, faskey: str) -> str:
    """The `fas` that a gateway sends for a payload: what tests and pretend routers need."""
    body = plain.encode()
    if level in ENCRYPTED:
        padder = PKCS7(128).padder()
        encryptor = Cipher(algorithms.AES(_key(faskey)), modes.CBC(iv.encode())).encryptor()
        body = base64.b64encode(encryptor.update(padder.update(body) + padder.finalize()) + encryptor.finalize())
    return base64.b64encode(body).decode()


def rhid_of(hid: str, faskey: str) -> str:
    """What opens the gateway for the client whose token hashes to `hid`."""
    return hashlib.sha256((hid + faskey).encode()).hexdigest()


def escaped(text: str) -> str:
    """Percent-encoded as openNDS does it: lower-case digits, and everything but letters, digits and "-_.~"."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02x}" for byte in text.encode())


def gateway_hash(name: str) -> str:
    """How authmon names its gateway: the SHA-256 of the percent-encoded gatewayname."""
    return hashlib.sha256(escaped(name).encode()).hexdigest()


def signed_length(script_key: str, client: str, seconds: int, up_kbps: int, down_kbps: int) -> str:
    """`custom`: SECONDS-UP-DOWN-SIGNATURE, which our script on the router checks with sha256sum alone.

    The signature covers the client (its hid; its MAC where no hid is known), so one guest's length is no use to another, nor to
    the same guest under a new token.
    """
    length = f"{seconds}-{up_kbps}-{down_kbps}"
    return f"{length}-{signature(script_key, f'{client}-{length}')}"


def signature(script_key: str, text: str) -> str:
    """20 hex digits. A hash in a hash, each with the key in front: a plain one could be continued without the key."""
    inner = hashlib.sha256(f"{script_key}:{text}".encode()).hexdigest()
    return hashlib.sha256(f"{script_key}:{inner}".encode()).hexdigest()[:20]


def is_signed(script_key: str, client: str, custom: str) -> bool:
    """Did we write this `custom` for this client?"""
    length, _, given = custom.rpartition("-")
    return hmac.compare_digest(given.encode("utf-8", "replace"), signature(script_key, f"{client}-{length}").encode())


def _key(faskey: str) -> bytes:
    return faskey.encode()[:32].ljust(32, b"\0")


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadArrival("malformed") from error


def _decrypt(body: bytes, iv: str, faskey: str) -> bytes:
    if not _IV.match(iv) or not body or len(body) % 16:
        raise BadArrival("malformed")
    decryptor = Cipher(algorithms.AES(_key(faskey)), modes.CBC(iv.encode())).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        return unpadder.update(decryptor.update(body) + decryptor.finalize()) + unpadder.finalize()
    except ValueError as error:
        raise BadArrival("malformed") from error


def _pairs(plain: bytes) -> dict[str, str]:
    """openNDS escapes what is not plain ASCII: any other byte is a block that somebody changed on the way."""
    if not plain.isascii() or not plain.decode("ascii", "replace").isprintable():
        raise BadArrival("malformed")
    pairs: dict[str, str] = {}
    for item in plain.decode("ascii").split(", "):
        name, equals, value = item.partition("=")
        if equals and name in pairs and name in _ONCE:
            raise BadArrival("malformed")
        if equals:
            pairs.setdefault(name, value)
    return pairs
