"""UniFi's older API, by user name and password: the classic controller (port 8443) and UniFi OS (port 443).

Classic: POST /api/login gives the cookie `unifises` (and, newer ones, `csrf_token`). UniFi OS: POST /api/auth/login gives
the cookie TOKEN, a JWT whose payload has `csrfToken`; every POST needs it as x-csrf-token, an answer may bring a newer
one, and all paths of the Network application stand behind /proxy/network. Either says {"meta": {"rc": "ok"}, "data": […]}.
"""

import base64
import contextlib
import json
from collections.abc import Mapping
from typing import Any

import requests

from portal.gateways.talk import Answer, Talk, TalkFailed
from portal.gateways.unifi_options import UniFiOptions

LOOKS = (0.0, 0.2, 0.4, 0.8, 1.6)  # seconds before each look whether the authorization took effect
_LOGIN = {"classic": "/api/login", "os": "/api/auth/login"}
_LOGOUT = {"classic": "/api/logout", "os": "/api/auth/logout"}
_REFUSALS = {
    "api.err.NoSiteContext": ("unknown site", False),
    "api.err.NoPermission": ("account may not authorize guests", False),
    "api.err.UnknownStation": ("not on this site", True),
    "api.err.UnknownUser": ("not on this site", True),
}


class LoggedIn:
    """`with LoggedIn(talk, options) as unifi:` one session: made at the first line, ended at the last."""

    def __init__(self, talk: Talk, http: requests.Session, options: UniFiOptions) -> None:
        self._talk, self._http, self._options = talk, http, options
        self._prefix = "/proxy/network" if options.api == "os" else ""
        self._csrf = ""

    def __enter__(self) -> "LoggedIn":
        self._log_in()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(TalkFailed):  # it expires by itself
            self._talk.ask("POST", _LOGOUT[self._options.api], {}, self._headers())

    def let_in(self, facts: Mapping[str, Any]) -> None:
        """Authorize a guest of this site, and look until it is so. Raises TalkFailed."""
        self._guest(facts["mac"])
        order = {"cmd": "authorize-guest", "mac": facts["mac"], "minutes": facts["minutes"]}
        order |= {name: facts[name] for name in ("up", "down") if facts.get(name)}
        self._command(order | ({"ap_mac": facts["ap"]} if facts.get("ap") else {}))
        self._look_until(facts["mac"], authorized=True)

    def put_out(self, facts: Mapping[str, Any]) -> None:
        """End a guest's authorization. A device that the site does not see has none to use. Raises TalkFailed."""
        station = self._station(facts["mac"])
        if station is None:
            return
        self._command({"cmd": "unauthorize-guest", "mac": facts["mac"]})
        self._look_until(facts["mac"], authorized=False)

    def _look_until(self, mac: str, *, authorized: bool) -> None:
        for seconds in LOOKS:
            if not self._talk.wait(seconds):
                break
            station = self._station(mac)
            if (station or {}).get("authorized", False) is authorized:
                return
        raise TalkFailed("not confirmed yet")

    def _guest(self, mac: str) -> None:
        """The redirect only claimed this device: the site itself must know it, and as a guest."""
        station = self._station(mac)
        if station is None:
            raise TalkFailed("not on this site")
        if station.get("is_guest") is not True:
            raise TalkFailed("not in a guest network", retry=False)

    def _station(self, mac: str) -> dict[str, Any] | None:
        try:
            rows = self._call("GET", f"stat/sta/{mac}")
        except TalkFailed as failed:
            if failed.said == "not on this site":
                return None
            raise
        return next((row for row in rows if isinstance(row, dict) and row.get("mac") == mac), None)

    def _command(self, order: dict[str, Any]) -> None:
        self._call("POST", "cmd/stamgr", order)

    def _call(self, method: str, what: str, body: object = None) -> list[Any]:
        """`data` of an answer that says ok. A session that ended meanwhile is made anew, once."""
        path = f"{self._prefix}/api/s/{self._options.site}/{what}"
        answer = self._ask(method, path, body)
        if answer.status == 401 or _message(answer) == "api.err.LoginRequired":
            self._log_in()
            answer = self._ask(method, path, body)
        return _data(answer)

    def _log_in(self) -> None:
        self._http.cookies.clear()
        self._csrf = ""
        body = {"username": self._options.user, "password": self._options.secret}
        answer = self._ask("POST", _LOGIN[self._options.api], body)
        if answer.status == 429:
            raise TalkFailed("too many logins")
        if answer.status == 499 or "2fa" in _message(answer).lower():
            raise TalkFailed("account must not need a second factor", retry=False)
        if answer.status in (400, 401, 403):
            raise TalkFailed("wrong user or password", retry=False)
        if answer.status == 404:
            raise TalkFailed("another kind of controller", retry=False)
        if answer.status != 200 or not self._http.cookies.keys():
            raise TalkFailed(f"HTTP {answer.status} at login")

    def _ask(self, method: str, path: str, body: object) -> Answer:
        answer = self._talk.ask(method, path, body, self._headers())
        self._csrf = answer.headers.get("x-updated-csrf-token") or answer.headers.get("x-csrf-token") or self._csrf
        return answer

    def _headers(self) -> dict[str, str]:
        csrf = self._csrf or self._http.cookies.get("csrf_token") or _csrf_of(self._http.cookies.get("TOKEN") or "")
        return {"x-csrf-token": csrf} if csrf else {}


def _message(answer: Answer) -> str:
    meta = answer.body.get("meta") if isinstance(answer.body, dict) else None
    return str(meta.get("msg", "")) if isinstance(meta, dict) else ""


def _data(answer: Answer) -> list[Any]:
    said, retry = _REFUSALS.get(_message(answer), ("", True))
    if said:
        raise TalkFailed(said, retry)
    if answer.status == 403:
        raise TalkFailed("account may not authorize guests", retry=False)
    body = answer.body if isinstance(answer.body, dict) else {}
    meta, data = body.get("meta"), body.get("data")
    if answer.status != 200 or not isinstance(meta, dict) or meta.get("rc") != "ok" or not isinstance(data, list):
        raise TalkFailed(f"HTTP {answer.status}" if answer.status != 200 else "refused")
    return data


def _csrf_of(token: str) -> str:
    """The `csrfToken` in a JWT's payload; nothing of the JWT is believed for anything else."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        found = str(claims["csrfToken"])
    except (ValueError, KeyError, TypeError):
        return ""
    return found if found.isascii() and found.isprintable() and len(found) <= 200 else ""
