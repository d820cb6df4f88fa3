"""Secrets of the house: sealed tokens (encrypted and signed), keyed hashes and random ids.

A token says nothing to who holds it, cannot be changed, names its purpose and ages. It is built from SECRET_KEY, and
opened with SECRET_KEY or one of SECRET_KEY_FALLBACKS, so that the key can be rotated without downtime. What must stay
the same for months (the hash of a MAC, the pseudonym in a consent) is keyed by IDENTITY_KEY instead.
"""

import base64
import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json, to_json

from portal.core.crypto import hmac_sha256, random_bytes
from portal.core.errors import PortalError

_NONCE = 12
_SHORT = 250  # bytes of a body that is not worth compressing: it stands in a link once or twice


def random_id() -> str:
    """128 random bits, URL-safe, 22 characters: the shape of every id that leaves the house."""
    return base64.urlsafe_b64encode(random_bytes(16)).rstrip(b"=").decode()


class BadToken(PortalError):
    """`bad_token` (not ours, changed, other purpose) or `expired_token`."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Derives every key from the two secrets of the settings (HKDF-like: HMAC-SHA256 of the purpose)."""

    secret: bytes
    fallbacks: tuple[bytes, ...]
    identity: bytes

    def derive(self, purpose: str) -> list[bytes]:
        """32-byte keys for a purpose, the current one first."""
        return [_derived(secret, purpose) for secret in (self.secret, *self.fallbacks)]

    def keyed_hash(self, purpose: str, value: str) -> str:
        """A stable, keyed, one-way name for a value (MAC, phone, limit key): 32 hex characters."""
        return hmac_sha256(_derived(self.identity, purpose), value.encode()).hex()[:32]

    def seal(self, purpose: str, payload: dict[str, Any], now: datetime) -> str:
        """Encrypt (AES-256-GCM, RFC 5116) a JSON object with its time of issue."""
        body = to_json([int(now.timestamp()), payload])
        nonce = random_bytes(_NONCE)
        box = AESGCM(self.derive(purpose)[0]).encrypt(nonce, _packed(body), purpose.encode())
        return base64.urlsafe_b64encode(nonce + box).rstrip(b"=").decode()

    def unseal(self, purpose: str, token: str, now: datetime, max_age: timedelta) -> dict[str, Any]:
        """Open a token. Raises BadToken."""
        issued, payload = self._open(purpose, token)
        if now.timestamp() - issued > max_age.total_seconds():
            raise BadToken("expired_token")
        return payload

    def enclose(self, purpose: str, secret: str) -> str:
        """Encrypt (AES-256-GCM) what stays in the database for years: by IDENTITY_KEY, which is never changed."""
        nonce = random_bytes(_NONCE)
        box = AESGCM(_derived(self.identity, purpose)).encrypt(nonce, secret.encode(), purpose.encode())
        return base64.urlsafe_b64encode(nonce + box).rstrip(b"=").decode()

    def disclose(self, purpose: str, box: str) -> str:
        """What was enclosed. Raises BadToken for anything else."""
        try:
            raw = base64.urlsafe_b64decode(box + "=" * (-len(box) % 4))
            return AESGCM(_derived(self.identity, purpose)).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
        except (InvalidTag, ValueError):
            raise BadToken("bad_token") from None

    def _open(self, purpose: str, token: str) -> tuple[int, dict[str, Any]]:
        if len(token) > 4096 or not token.isascii():
            raise BadToken("bad_token")
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError as error:
            raise BadToken("bad_token") from error
        for key in self.derive(purpose):
            try:
                packed = AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
            except (InvalidTag, ValueError):
                continue
            issued, payload = from_json(_unpacked(packed))
            return issued, payload
        raise BadToken("bad_token")


@lru_cache(1024)  # a handful of purposes, and one for each legal entity
def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac_sha256(secret, b"vestibule:" + purpose.encode())


def _packed(body: bytes) -> bytes:
    """Long ones compressed, in a window of 4 KiB: zlib's own choice clears 256 KiB of memory for each."""
    if len(body) <= _SHORT:
        return body
    small = zlib.compressobj(9, zlib.DEFLATED, wbits=12, memLevel=5)
    return small.compress(body) + small.flush()


def _unpacked(packed: bytes) -> bytes:
    return packed if packed.startswith(b"[") else zlib.decompress(packed)  # zlib's first byte is never a bracket


def sha256_hex(value: bytes) -> str:
    """SHA-256 as 64 hex characters."""
    return hashlib.sha256(value).hexdigest()
