"""Passwords of the dashboard: argon2id, checked in the same time whether the login exists or not."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 200

# Rows of keyboards, alphabets and the words that every list of stolen passwords begins with.
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "01234567890", "qwertyuiopasdfghjklzxcvbnm",
         "йцукенгшщзхъфывапролджэячсмитьбю", "1q2w3e4r5t6y7u8i9o0p")  # fmt: skip
_WORDS = ("password", "qwerty", "пароль", "йцукен", "admin", "welcome", "letmein", "vestibule")

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
    """Compare; an unknown login (None), or one whose invitation is open (""), costs the same work and never fits."""
    try:
        return _hasher.verify(stored or _NOBODY, password[:MAX_LENGTH]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def refusal(password: str, email: str, name: str) -> str | None:
    """Why a password is not taken: `short`, `long`, `personal` (the login or the name), `simple`; None when it may be."""
    if len(password) < MIN_LENGTH:
        return "short"
    if len(password) > MAX_LENGTH:
        return "long"
    plain = password.lower()
    own = {email.lower(), email.lower().partition("@")[0], *name.lower().split()}
    if any(len(word) >= 4 and len(plain.replace(word, "")) < 6 for word in own):
        return "personal"
    return "simple" if _is_simple(plain) else None


def is_outdated(stored: str) -> bool:
    """True when the hash was made with other parameters than today's and should be made anew."""
    return _hasher.check_needs_rehash(stored)


def _is_simple(plain: str) -> bool:
    """Few different characters, a walk over the keyboard, or little beside a word that everybody tries."""
    if len(set(plain)) < 5:
        return True
    for row in _ROWS:
        if any(plain in line * 3 for line in (row, row[::-1])):
            return True
    return any(len(plain.replace(word, "").strip("0123456789!@#$%.,_- ")) < 4 for word in _WORDS if word in plain)
