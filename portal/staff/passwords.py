"""Passwords of the dashboard: argon2id, checked in the same time whether the login exists or not."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 200

# OWASP's second profile: 19 MiB, two passes, one lane; some 20 ms of one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def generated() -> str:
    """A password to be shown once: 96 random bits, 16 characters."""
    return secrets.token_urlsafe(12)


def hashed(password: str) -> str:
    """The argon2id string to store. Raises ValueError for a length that is not 10 to 200 characters."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ValueError(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Compare; an unknown login (None) costs the same work as a known one and never fits."""
    try:
        return _hasher.verify(stored or _NOBODY, password[:MAX_LENGTH]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """True when the hash was made with other parameters than today's and should be made anew."""
    return _hasher.check_needs_rehash(stored)
