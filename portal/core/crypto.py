"""HMAC and random bytes that keep the interpreter's lock.

`hmac.digest` and `os.urandom` let go of it for the microsecond that they take. With eight threads at work another one
takes it then, and the request waits in the middle of its transaction: a sixth of the time of a form was such waiting.
"""

import hmac
from ssl import RAND_bytes as random_bytes  # OpenSSL's generator, seeded by the kernel and anew in each forked process

__all__ = ["hmac_sha256", "random_bytes"]


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), 32 bytes."""
    return hmac.new(key, message, "sha256").digest()
