"""Proof that a webhook is ours, as Standard Webhooks 1.0 writes it, so that its libraries can check it.

signature = "v1," + base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body)); the secret is the base64 after "whsec_".
"""

import base64
import hmac
import secrets
from datetime import datetime

PREFIX = "whsec_"


def new_secret() -> str:
    """256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(secret: str, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """What goes with the body. The id is the same at every try, the time is that of this one."""
    stamp = str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    proof = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(proof).decode(),
    }
