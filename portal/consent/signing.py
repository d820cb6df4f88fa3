"""The house's Ed25519 key (RFC 8032): made at first use, its public half beside it for whoever wants to check."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from portal.core.tokens import random_id

KEY_FILE = "consent_signing_key.pem"
PUBLIC_FILE = "consent_public_key.pem"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who signed: `key_id` is the first 16 hex characters of SHA-256 over the raw 32 bytes."""

    key: Ed25519PublicKey

    @property
    def key_id(self) -> str:
        """A short name of the key."""
        return hashlib.sha256(self.key.public_bytes_raw()).hexdigest()[:16]

    @property
    def pem(self) -> str:
        """The key as a PEM text (SubjectPublicKeyInfo)."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signed(self, message: bytes, signature: str) -> bool:
        """True when `signature` (hex) is this key's over the message."""
        try:
            self.key.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


def signing_key(data_dir: Path) -> Ed25519PrivateKey:
    """The private key, readable by its owner alone; two processes that start at once end up with the same one."""
    path = data_dir / KEY_FILE
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _place(path, pem, 0o600)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} is not an Ed25519 key")
    if not (data_dir / PUBLIC_FILE).exists():
        _place(data_dir / PUBLIC_FILE, PublicKey(key.public_key()).pem.encode(), 0o644)
    return key


def public_key(file: Path) -> PublicKey:
    """A public key from its PEM file. Raises ValueError."""
    key = load_pem_public_key(file.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{file} is not an Ed25519 key")
    return PublicKey(key)


def _place(path: Path, content: bytes, mode: int) -> None:
    """Write whole or not at all, and never over a file that is there."""
    draft = path.with_name(f".{path.name}.{random_id()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
