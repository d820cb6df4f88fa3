"""Who is asking: address, browser, and the device by its MAC's or its cookie's keyed hash."""

from typing import Any

from flask import request

from portal.acquisition.devices import family_of
from portal.acquisition.visits import Client
from portal.core.address import read_address
from portal.core.tokens import random_id
from portal.web.parts import parts

COOKIE = "device"
COOKIE_AGE = 24 * 3600


def client_of(arrival: dict[str, Any] | None = None, bot_reason: str | None = None) -> Client:
    """The client of this request; `arrival` are the gateway's values that came with the visit."""
    agent = request.headers.get("User-Agent", "")[:400]
    return Client(
        ip=read_address(request.remote_addr),
        user_agent=agent,
        device_hash=device_hash(arrival or {}),
        device_family=family_of(agent),
        bot_reason=bot_reason,
    )


def device_hash(arrival: dict[str, Any]) -> str | None:
    """The MAC that a gateway vouched for, else the cookie, else nothing: never address and browser."""
    keys = parts().settings.keys
    if arrival.get("mac"):
        return keys.keyed_hash("mac", arrival["mac"])
    cookie = request.cookies.get(COOKIE, "")
    return keys.keyed_hash("cookie", cookie) if 16 <= len(cookie) <= 64 else None


def keep_device(response: Any) -> Any:
    """Give the browser its device cookie: a convenience, never needed."""
    if not request.cookies.get(COOKIE):
        secure = parts().settings.base_url.startswith("https:")
        response.set_cookie(COOKIE, random_id(), max_age=COOKIE_AGE, httponly=True, samesite="Lax", secure=secure)
    return response
