"""The six digits. Derived from a server key, the verification's nonce and the number, so nothing at rest holds them."""

import hmac
import re
import unicodedata

from portal.core.crypto import hmac_sha256
from portal.core.tokens import Keys

LENGTH = 6


def code_for(keys: Keys, nonce: str, e164: str) -> str:
    """The code to send now: HMAC-SHA256, truncated as RFC 4226 §5.3 does but to 63 bits, modulo 10^6."""
    return _derive(keys.derive("code")[0], nonce, e164)


def code_fits(keys: Keys, nonce: str, e164: str, typed: str) -> bool:
    """Compare in constant time, with codes of earlier server keys too (a rotation must not strand a guest)."""
    digits = read_code(typed)
    fits = [hmac.compare_digest(_derive(key, nonce, e164), digits) for key in keys.derive("code")]
    return any(fits)


def read_code(typed: str) -> str:
    """The digits of what was typed or pasted ("код: 123 456", full-width or Arabic digits); "" if not six."""
    text = unicodedata.normalize("NFKC", typed[:80])
    digits = "".join(str(unicodedata.digit(c)) for c in text if c.isdigit())
    return digits if re.fullmatch(r"[0-9]{6}", digits) else ""


def _derive(key: bytes, nonce: str, e164: str) -> str:
    mac = hmac_sha256(key, f"{nonce}|{e164}".encode())
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 8], "big") & 0x7FFFFFFFFFFFFFFF
    return f"{number % 10**LENGTH:0{LENGTH}d}"
