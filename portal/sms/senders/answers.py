"""Reading SMS Aero's answers: `{"success": bool, "data": …, "message": …}`, the older `{"result": …}`, or neither.

HTTP codes are not documented; errors are recognised by code and by body, whichever speaks. An answer that says neither yes
nor no is Unknown: the gate may have taken the message before something in front of it broke.
"""

from typing import Any

import requests

from portal.sms.senders.base import (
    BadCredentials,
    BadNumber,
    BadSignature,
    NoMoney,
    Refused,
    SmsError,
    Throttled,
    Unknown,
)

_BY_HTTP: dict[int, type[SmsError]] = {401: BadCredentials, 402: NoMoney, 403: BadCredentials, 429: Throttled}
_BY_WORDS: tuple[tuple[str, type[SmsError]], ...] = (
    ("invalid credentials", BadCredentials),
    ("not enough money", NoMoney),
    ("no credits", NoMoney),
    ("too many requests", Throttled),
)
_BY_FIELD: tuple[tuple[str, type[SmsError]], ...] = (("number", BadNumber), ("sign", BadSignature))


def read(response: requests.Response) -> Any:
    """The `data` of a success. Raises SmsError."""
    if response.status_code in _BY_HTTP:
        raise _BY_HTTP[response.status_code]
    try:
        content = response.json()
    except ValueError:
        raise Unknown from None
    if not isinstance(content, dict) or response.status_code >= 500 or 300 <= response.status_code < 400:
        raise Unknown
    if content.get("success") is True and response.status_code < 300:
        return content.get("data")
    raise _refusal(content)


def _refusal(content: dict[str, Any]) -> SmsError:
    if "success" not in content and content.get("result") not in ("no credits", "reject"):
        return Unknown()
    words = f"{content.get('message')} {content.get('reason')} {content.get('result')}".lower()
    by_words = next((kind for phrase, kind in _BY_WORDS if phrase in words), None)
    if by_words is not None:
        return by_words()
    fields = content.get("data")
    if isinstance(fields, dict):
        return next((kind for name, kind in _BY_FIELD if name in fields), Refused)()
    return Refused()
