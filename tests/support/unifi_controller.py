"""UniFi controllers of three kinds on loopback, over TLS.

Shapes are those that clients of real controllers recorded: see tests/portal/gateways/test_unifi_vectors.py, which holds
this emulator to them. What goes wrong is chosen by `Trouble`; what happened stands in `asked`.
"""

import base64
import hashlib
import json
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support.certificates import write_authority
from tests.support.tls_server import TlsServer

Api = Literal["classic", "os", "integration"]
USER, PASSWORD, API_KEY = "vestibule", "unifi-password-canary-7391", "unifi-api-key-canary-5520"
AP_MAC = "94:2a:6f:d0:30:57"
INTEGRATION = "/proxy/network/integration/v1"


@dataclass
class Trouble:
    """What goes wrong, until it is set back."""

    status: int = 0  # every answer has this status
    times: int = 10**9  # … so many times
    slow_seconds: float = 0.0
    trickle: bool = False  # a byte every tenth of a second
    hang_up: bool = False
    late_seconds: float = 0.0  # until an authorization takes effect
    calls_per_session: int = 10**9
    csrf_turns: bool = False  # each POST makes a new token, told in the answer
    ignores_filter: bool = False
    second_factor: bool = False
    logins_left: int = 10**9
    body: bytes | None = None  # instead of the answer's own
    unknown_station: str = ""  # api.err.… instead of an empty list
    login_required_as_200: bool = False


@dataclass
class Station:
    """A device that is connected to a site. Times in seconds of the controller's clock."""

    mac: str
    is_guest: bool = True
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    starts: float = 0.0
    ends: float = 0.0
    up: int = 0
    down: int = 0
    ap_mac: str = ""
    authorized_times: int = 0


class UniFiController:
    """`with UniFiController(folder, "os") as controller:` listens on `controller.url`."""

    def __init__(
        self, folder: Path, api: Api, sites: tuple[str, ...] = ("default",), clock: Callable[[], float] = time.time
    ) -> None:
        self.api, self.clock, self.trouble = api, clock, Trouble()
        self.stations: dict[str, dict[str, Station]] = {site: {} for site in sites}
        self.site_ids = {site: str(uuid.uuid4()) for site in sites}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        folder.mkdir(exist_ok=True)
        self.ca_file, chain = write_authority(folder)
        self.pin = _fingerprint(chain)
        self._server = TlsServer(_Answerer, self, chain)
        self.url = f"https://{self._server.host}"
        self.lock = threading.RLock()
        self.released = threading.Event()

    def __enter__(self) -> "UniFiController":
        self._server.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.end()

    @property
    def secret(self) -> str:
        """What the gateway's row has to hold."""
        return API_KEY if self.api == "integration" else PASSWORD

    @property
    def options(self) -> dict[str, Any]:
        """Options of a gateway that trusts this controller's authority."""
        user = {} if self.api == "integration" else {"user": USER}
        return {"api": self.api, "site": next(iter(self.stations)), "verify_tls": str(self.ca_file), **user}

    def connect(self, mac: str, site: str = "default", *, is_guest: bool = True) -> Station:
        """A device joins the Wi-Fi of a site."""
        with self.lock:
            return self.stations[site].setdefault(mac, Station(mac, is_guest))

    def is_authorized(self, mac: str, site: str = "default") -> bool:
        """Whether access points let it through now."""
        with self.lock:
            station = self.stations[site].get(mac)
            return station is not None and station.starts <= self.clock() < station.ends

    def authorize(self, station: Station, minutes: int, up: int, down: int, ap_mac: str) -> None:
        """From now, or a little later."""
        with self.lock:
            station.starts = self.clock() + self.trouble.late_seconds
            station.ends = self.clock() + minutes * 60
            station.up, station.down, station.ap_mac = up, down, ap_mac
            station.authorized_times += 1

    def paths(self, method: str) -> list[str]:
        """What was asked by a method."""
        with self.lock:
            return [path for verb, path, _body in self.asked if verb == method]

    def commands(self) -> list[dict[str, Any]]:
        """Bodies of what changed something, in order."""
        with self.lock:
            return [body for verb, path, body in self.asked if verb == "POST" and path.endswith(("/stamgr", "/actions"))]


class _Refused(Exception):
    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body


class _Answerer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def unifi(self) -> UniFiController:
        return self.server.emulator

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        self.answer("GET", None)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer("POST", json.loads(raw or b"{}"))

    def answer(self, method: str, body: Any) -> None:
        with self.unifi.lock:
            self.unifi.asked.append((method, self.path, body))
        self.cookies, self.extra = SimpleCookie(self.headers.get("Cookie", "")), list[tuple[str, str]]()
        if self.troubled():
            return
        try:
            with self.unifi.lock:
                status, said = self.dispatch(method, urlsplit(self.path).path, body)
        except _Refused as refused:
            status, said = refused.status, refused.body
        self.say(status, json.dumps(said).encode())

    def troubled(self) -> bool:
        trouble = self.unifi.trouble
        if trouble.slow_seconds:
            self.unifi.released.wait(trouble.slow_seconds)
        if trouble.hang_up:
            self.close_connection = True
            return True
        if trouble.trickle:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.unifi.released.wait(0.1):
                self.wfile.write(b"a")
            return True
        if (trouble.status or trouble.body is not None) and trouble.times > 0:
            trouble.times -= 1
            self.say(trouble.status or 200, b"<html>busy</html>" if trouble.body is None else trouble.body)
            return True
        return False

    def dispatch(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.unifi.api == "integration":
            return self.integration(method, path, body)
        if path in ("/api/login", "/api/auth/login") and method == "POST":
            return self.log_in(path, body)
        if path == "/":
            return (302, None) if self.unifi.api == "classic" else (200, None)
        prefix = "/proxy/network" if self.unifi.api == "os" else ""
        self.session(method)
        if path in ("/api/logout", "/api/auth/logout"):
            self.unifi.sessions.clear()
            return 200, _ok([])
        found = re.fullmatch(re.escape(prefix) + r"/api/s/([^/]+)/(stat/sta/[^/]+|cmd/stamgr)", path)
        if found is None:
            raise _Refused(404, _error("api.err.NotFound"))
        if found[1] not in self.unifi.stations:
            raise _Refused(400, _error("api.err.NoSiteContext"))
        return self.stamgr(found[1], body) if found[2] == "cmd/stamgr" else self.station(found[1], found[2].rpartition("/")[2])

    # — by user name and password —

    def log_in(self, path: str, body: Any) -> tuple[int, Any]:
        unifi, os = self.unifi, self.unifi.api == "os"
        if (path == "/api/auth/login") is not os:
            return 404, {"error": {"code": 404, "message": "Not Found"}}
        unifi.trouble.logins_left -= 1
        if unifi.trouble.logins_left < 0:
            return 429, {"code": "AUTHENTICATION_FAILED_LIMIT_REACHED", "message": "You've reached the login attempt limit"}
        if unifi.trouble.second_factor:
            return 499, {"code": "AUTHENTICATION_FAILED_MFA_REQUIRED"}
        if (body.get("username"), body.get("password")) != (USER, PASSWORD):
            if os:
                return 403, {"code": "AUTHENTICATION_FAILED_INVALID_CREDENTIALS", "message": "Invalid username or password"}
            return 400, _error("api.err.Invalid")
        name, csrf = secrets.token_hex(16), str(uuid.uuid4())
        if os:
            name = _jwt({"userId": name, "csrfToken": csrf})
            self.extra.append(("Set-Cookie", f"TOKEN={name}; path=/; samesite=none; secure; httponly"))
        else:
            self.extra.append(("Set-Cookie", f"unifises={name}; Path=/; Secure; HttpOnly"))
            self.extra.append(("Set-Cookie", f"csrf_token={csrf}; Path=/; Secure"))
        unifi.sessions[name] = {"csrf": csrf, "calls": 0}
        return 200, {"unique_id": "x", "username": USER} if os else _ok([])

    def session(self, method: str) -> None:
        unifi = self.unifi
        cookie = self.cookies.get("TOKEN" if unifi.api == "os" else "unifises")
        session = unifi.sessions.get(cookie.value) if cookie else None
        if session is not None:
            session["calls"] += 1
        if session is None or session["calls"] > unifi.trouble.calls_per_session:
            status = 200 if unifi.trouble.login_required_as_200 else 401
            raise _Refused(status, _error("api.err.LoginRequired"))
        if method == "POST":
            if self.headers.get("x-csrf-token") != session["csrf"]:
                raise _Refused(403, {"error": {"code": 403, "message": "Forbidden"}})
            if unifi.trouble.csrf_turns:
                session["csrf"] = str(uuid.uuid4())
                self.extra.append(("X-Updated-CSRF-Token", session["csrf"]))

    def station(self, site: str, mac: str) -> tuple[int, Any]:
        station = self.unifi.stations[site].get(mac)
        if station is None:
            unknown = self.unifi.trouble.unknown_station
            return (400, _error(unknown)) if unknown else (200, _ok([]))
        row = {"mac": mac, "is_guest": station.is_guest, "authorized": self.unifi.is_authorized(mac, site), "ap_mac": AP_MAC}
        return 200, _ok([{"_id": station.id.replace("-", "")[:24], **row, "hostname": "phone", "is_wired": False}])

    def stamgr(self, site: str, body: Any) -> tuple[int, Any]:
        mac = body["mac"]
        station = self.unifi.stations[site].get(mac) or self.unifi.connect(mac, site)
        if body["cmd"] == "authorize-guest":
            self.unifi.authorize(station, body["minutes"], body.get("up", 0), body.get("down", 0), body.get("ap_mac", ""))
            return 200, _ok([{"authorized_by": "api", "mac": mac, "minutes": body["minutes"]}])
        if body["cmd"] == "unauthorize-guest":
            station.ends = 0.0
            return 200, _ok([])
        raise _Refused(400, _error("api.err.InvalidPayload"))

    # — by an API key —

    def integration(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.headers.get("X-API-KEY") != API_KEY:
            raise _Refused(401, _problem(401, "UNAUTHORIZED"))
        if path == f"{INTEGRATION}/sites":
            rows = [{"id": i, "internalReference": s, "name": s.title()} for s, i in self.unifi.site_ids.items()]
            return 200, self.page(rows)
        found = re.fullmatch(rf"{INTEGRATION}/sites/([^/]+)/clients(?:/([^/]+)/actions)?", path)
        site = next((s for s, i in self.unifi.site_ids.items() if found and i == found[1]), None)
        if found is None or site is None:
            raise _Refused(404, _problem(404, "NOT_FOUND"))
        if found[2] is None:
            return 200, self.clients(site)
        station = next((s for s in self.unifi.stations[site].values() if s.id == found[2]), None)
        if station is None:
            raise _Refused(404, _problem(404, "NOT_FOUND"))
        return self.act(station, body)

    def clients(self, site: str) -> Any:
        rows = list(self.unifi.stations[site].values())
        wanted = re.fullmatch(r"macAddress\.eq\('(.*)'\)", parse_qs(urlsplit(self.path).query).get("filter", [""])[0])
        if wanted and not self.unifi.trouble.ignores_filter:
            rows = [station for station in rows if station.mac == wanted[1]]
        return self.page([self.client_row(site, station) for station in rows])

    def client_row(self, site: str, station: Station) -> dict[str, Any]:
        access: dict[str, Any] = {"type": "DEFAULT"}
        if station.is_guest:
            access = {"type": "GUEST", "authorized": self.unifi.is_authorized(station.mac, site)}
        row = {"type": "WIRELESS", "id": station.id, "name": "phone", "macAddress": station.mac, "ipAddress": "192.168.50.9"}
        return {**row, "access": access}

    def act(self, station: Station, body: Any) -> tuple[int, Any]:
        if not station.is_guest:
            raise _Refused(422, {**_problem(422, "UNPROCESSABLE"), "code": "api.client.not-guest"})
        if body["action"] == "UNAUTHORIZE_GUEST_ACCESS":
            station.ends = 0.0
            return 200, {"action": body["action"], "revokedAuthorization": {"authorizedAt": _iso(station.starts)}}
        minutes = body["timeLimitMinutes"]
        self.unifi.authorize(station, minutes, body.get("txRateLimitKbps", 0), body.get("rxRateLimitKbps", 0), "")
        granted = {"authorizedAt": _iso(self.unifi.clock()), "authorizationMethod": "API", "expiresAt": _iso(station.ends)}
        return 200, {"action": body["action"], "grantedAuthorization": granted}

    def page(self, rows: list[Any]) -> Any:
        asked = parse_qs(urlsplit(self.path).query)
        offset, limit = int(asked.get("offset", ["0"])[0]), int(asked.get("limit", ["25"])[0])
        shown = rows[offset : offset + limit]
        return {"offset": offset, "limit": limit, "count": len(shown), "totalCount": len(rows), "data": shown}

    def say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.extra:
            self.send_header(name, value)
        if status == 302:
            self.send_header("Location", "/manage")
        self.end_headers()
        self.wfile.write(body)


def _ok(rows: list[Any]) -> Any:
    return {"meta": {"rc": "ok"}, "data": rows}


def _error(message: str) -> Any:
    return {"meta": {"rc": "error", "msg": message}, "data": []}


def _problem(status: int, name: str) -> Any:
    return {"statusCode": status, "statusName": name, "message": "refused", "requestId": str(uuid.uuid4())}


def _jwt(claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)] + [secrets.token_bytes(32)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fingerprint(chain: Path) -> str:
    """SHA-256 of the server's certificate, as a browser shows it."""
    pem = chain.read_bytes()
    certificate = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    return "sha256:" + ":".join(digest[i : i + 2] for i in range(0, 64, 2))
