"""A MikroTik hotspot by its manual: pages with variables, CHAP and PAP logins, RADIUS in its own words.

RouterOS itself cannot be had here: octet direction is RFC 2866's, as its manual says.
"""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from html import escape
from urllib.parse import quote_plus, urlsplit

from portal.core.mac import Mac
from tests.support import radius_line as wire
from tests.support.hotspot import Device, Hotspot, Reply, Request, Session, octets
from tests.support.radius_line import Answer, Key, Order, Verdict, address, number

RATE_LIMIT, HOST_IP = (14988, 8), (14988, 10)
SESSION_NOT_FOUND = 503
_IF = re.compile(r"\$\(if ([a-z-]+)(?: (==|!=) '?([^')]*)'?)?\)(.*?)(?:\$\(else\)(.*?))?\$\(endif\)", re.S)


@dataclass
class Profile:
    """The hotspot's folder and `login-by`."""

    files: dict[str, str]
    chap: bool = True
    pap: bool = False
    mac: bool = True


class MikroTikRouter(Hotspot):
    """One hotspot server."""

    server_name = "hotspot1"
    profile: Profile
    chap_id = b"\xf9"

    def mac_auth_form(self, mac: Mac) -> str:
        """login-by=mac: name and password are the address, as in Calling-Station-Id."""
        return mac.colons.upper()

    def join(self, mac: Mac) -> Device:
        """login-by=mac, at the first packet."""
        return super().join(mac) if self.profile.mac else self.device(mac)

    # ---- HTTP

    def blocked(self, request: Request, device: Device) -> Reply:
        """Any page: 302 to the servlet, which remembers what was wanted."""
        return Reply(302, f"{self.url}/login?dst={quote_plus(request.url)}")

    def answer(self, request: Request, device: Device) -> Reply:
        """The servlet."""
        path = urlsplit(request.url).path
        device.wanted = request.values.get("dst", device.wanted)
        doors = {"/login": self._login, "/logout": self._logout, "/api": self._api, "/status": self._status}
        return doors[path](request, device) if path in doors else Reply(404)

    def _login(self, request: Request, device: Device) -> Reply:
        said = request.values
        if device.session is None and "username" in said:
            error = self._try(device, said["username"], said.get("password", ""))
            if error:
                return self._page("login.html", device, error)
        elif device.session is None:
            return self._page("login.html", device)
        return self._page("alogin.html", device)

    def _try(self, device: Device, user_name: str, password: str) -> str:
        """CHAP where the answer has its form and a challenge was given, else PAP if it is allowed."""
        hashed = self.profile.chap and re.fullmatch(r"[0-9a-f]{32}", password) and device.challenge
        if not hashed and not self.profile.pap:
            return "web browser did not send challenge response (try again, enable JavaScript)"
        if hashed:
            chap = {wire.CHAP_PASSWORD: self.chap_id + bytes.fromhex(password), wire.CHAP_CHALLENGE: device.challenge}
            answer = self.log_in(device, user_name, chap)
        else:
            answer = self.log_in(device, user_name, {}, password)
        device.challenge = b""
        if answer.accept is None:
            return "RADIUS server is not responding"
        return "" if answer.accept else "invalid username or password"

    def _logout(self, _request: Request, device: Device) -> Reply:
        self.log_out(device, "User-Request")
        return Reply(200, body="logged out")

    def _status(self, _request: Request, device: Device) -> Reply:
        return Reply(200, body="online") if device.session else Reply(302, f"{self.url}/login")

    def _api(self, _request: Request, device: Device) -> Reply:
        reply = self._page("api.json", device)
        json.loads(reply.body)
        return Reply(200, body=reply.body, content_type="application/captive+json")

    def _page(self, name: str, device: Device, error: str = "") -> Reply:
        """A file of the folder with its variables filled in; each login page has a challenge of its own."""
        if name == "login.html" and self.profile.chap:
            device.challenge = secrets.token_bytes(16)
        return Reply(200, body=filled(self.profile.files[name], self._variables(device, error)))

    def _variables(self, device: Device, error: str) -> dict[str, str]:
        left = device.session.timeout if device.session else 0
        chap = device.session is None and self.profile.chap
        return {
            "mac": device.mac.colons.upper(), "ip": device.ip, "identity": self.nas_name, "server-name": self.server_name,
            "link-login-only": f"{self.url}/login", "link-orig": device.wanted, "link-redirect": device.wanted, "error": error,
            "chap-id": octal(self.chap_id) if chap else "", "chap-challenge": octal(device.challenge) if chap else "",
            "logged-in": "yes" if device.session else "no", "session-timeout-secs": str(left), "remain-bytes-total": "",
        }  # fmt: skip

    # ---- RADIUS

    def described(self, device: Device) -> dict[Key, bytes]:
        """Attributes of every packet about a device; Called-Station-Id is the server's name."""
        return {
            wire.FRAMED_IP: address(device.ip), wire.NAS_PORT_TYPE: number(wire.WIRELESS), wire.NAS_PORT: number(2153775105),
            wire.NAS_PORT_ID: b"bridge-guests", wire.CALLING: device.mac.colons.upper().encode(), HOST_IP: address(device.ip),
            wire.CALLED: self.server_name.encode(), wire.NAS_IP: address("127.0.0.1"), wire.NAS_ID: self.nas_name.encode(),
        }  # fmt: skip

    def counted(self, session: Session) -> dict[Key, bytes]:
        """Input is what came from the client."""
        return octets(session.uploaded, session.downloaded)

    def speed(self, answer: Answer) -> tuple[int, int]:
        """Mikrotik-Rate-Limit before WISPr: "up/down" as the router receives and sends."""
        limit = answer.attributes.get(RATE_LIMIT, b"").decode()
        if limit:
            up, _, down = limit.partition("/")
            return kbps(up), kbps(down or up)
        return (answer.integer(wire.WISPR_UP) or 0) // 1000, (answer.integer(wire.WISPR_DOWN) or 0) // 1000

    def named(self, order: Order) -> Session | Verdict:
        """By User-Name and Acct-Session-Id or Framed-IP-Address; all that are given must fit."""
        facts = (order.text(wire.USER_NAME), order.text(wire.ACCT_SESSION_ID), order.attributes.get(wire.FRAMED_IP))
        for device, session in self.sessions():
            own = (session.user_name, session.session_id, address(device.ip))
            if any(facts) and all(given in (None, mine) for given, mine in zip(facts, own, strict=True)):
                return session
        return SESSION_NOT_FOUND


def filled(page: str, variables: dict[str, str]) -> str:
    """Conditions, then variables; "-esc" escapes as a query does, everything else as HTML does."""
    page = _IF.sub(lambda found: _branch(found, variables), page)
    return re.sub(r"\$\(([a-z-]+)\)", lambda found: _value(found[1], variables), page)


def _branch(found: re.Match[str], variables: dict[str, str]) -> str:
    value, sign, wanted = variables[found[1]], found[2], found[3]
    met = bool(value) if sign is None else (value == wanted) == (sign == "==")
    return found[4] if met else found[5] or ""


def _value(name: str, variables: dict[str, str]) -> str:
    if name.endswith("-esc"):
        return quote_plus(variables[name.removesuffix("-esc")])
    return escape(variables[name])


def octal(raw: bytes) -> str:
    """`\\371`: how RouterOS writes bytes."""
    return "".join(f"\\{octet:03o}" for octet in raw)


def md5_js(chap_id: str, password: str, challenge: str) -> str:
    """The stock login page's hexMD5('$(chap-id)' + password + '$(chap-challenge)'), for the vectors."""
    raw = [bytes(int(o, 8) for o in text.split("\\")[1:]) for text in (chap_id, challenge)]
    return hashlib.md5(raw[0] + password.encode() + raw[1]).hexdigest()


def kbps(text: str) -> int:
    """`4000k`, `8M` or bits."""
    scale = {"k": 1, "M": 1000}.get(text[-1:], 0)
    return int(text[:-1]) * scale if scale else int(text) // 1000
