"""CoovaChilli as it behaves on the wire (versions 1.6 and 1.9, observed): UAM, RADIUS, accounting, orders.

Written apart from portal/gateways/uam.py, from the same facts: a mistake there must not find its twin here.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from portal.core.mac import Mac
from tests.support import radius_line as wire
from tests.support.hotspot import Device, Hotspot, Reply, Request, Session, octets
from tests.support.radius_line import Answer, Key, Order, Verdict, address, number

VIEWPOINT = (14559, 10)  # 2: octets as the client sees them
BANDWIDTH_UP, BANDWIDTH_DOWN = (14559, 4), (14559, 5)
CHALLENGE_SECONDS = 600
UAM_SAFE = "-_.!~*"  # besides letters and digits; Python keeps "-_.~" by itself


@dataclass
class Uam:
    """What /etc/chilli/main.conf says.

    `old`: a challenge given out with a refusal is stale, as before version 1.8; `races`: so many right answers are refused
    because the challenge changed meanwhile (coova-chilli issue 609).
    """

    server: str
    secret: str
    macauth: bool = True
    old: bool = False
    races: int = 0


class ChilliRouter(Hotspot):
    """One CoovaChilli."""

    mac = Mac("02ca6ac463bf")
    uam: Uam

    def mac_auth_form(self, mac: Mac) -> str:
        """User-Name and User-Password of MAC authentication."""
        return mac.dashes

    def join(self, mac: Mac) -> Device:
        """At the lease, with `macauth`."""
        return super().join(mac) if self.uam.macauth else self.device(mac)

    # ---- HTTP

    def blocked(self, request: Request, device: Device) -> Reply:
        """Any page: 302 to the portal."""
        device.wanted = request.url
        return self.redirect(device, "notyet")

    def answer(self, request: Request, device: Device) -> Reply:
        """The doors of uamip:uamport."""
        path = request.url[len(self.url) :].partition("?")[0]
        if "userurl" in request.values:
            device.wanted = request.values["userurl"]
        doors = {
            "/logon": self._logon, "/login": self._logon, "/logoff": self._logoff, "/logout": self._logoff,
            "/prelogin": self._prelogin, "/json/status": self._status,
        }  # fmt: skip
        return doors[path](request, device) if path in doors else self.redirect(device, "notyet")

    def redirect(self, device: Device, res: str, *more: tuple[str, str]) -> Reply:
        """302 with everything signed. The challenge stays the same until a login fails or the guest leaves."""
        self._challenge(device)
        ip, _, port = self.url.removeprefix("http://").partition(":")
        fields = [
            ("res", res), *[pair for pair in more if pair[0] == "reason"], ("uamip", ip), ("uamport", port),
            ("challenge", device.challenge.hex()), ("called", self.mac.dashes), ("mac", device.mac.dashes), ("ip", device.ip),
            *[pair for pair in more if pair[0] != "reason"],
            ("nasid", self.nas_name), ("sessionid", "179536191600000001"), ("userurl", device.wanted),
        ]  # fmt: skip
        text = self.uam.server + "?" + "&".join(f"{name}={escaped(value)}" for name, value in fields)
        return Reply(302, signed(text, self.uam.secret))

    def _logon(self, request: Request, device: Device) -> Reply:
        if device.session is not None:
            return self.redirect(device, "already")
        said = request.values
        if self.clock() > device.challenged_at + CHALLENGE_SECONDS:
            return self._refuse(device, "other")
        if self.uam.races:
            self.uam.races -= 1
            return self._refuse(device, "reject")
        mixed = new_challenge(device.challenge, self.uam.secret)
        if "response" in said:
            chap = {wire.CHAP_PASSWORD: b"\0" + bytes.fromhex(said["response"]), wire.CHAP_CHALLENGE: mixed}
            answer = self.log_in(device, said["username"], chap)
        else:
            answer = self.log_in(device, said["username"], {}, shown_password(said["password"], mixed))
        if answer.accept is None:
            return self._refuse(device, "timeout")
        if not answer.accept:
            return self._refuse(device, "reject")
        return self.redirect(device, "success", ("uid", said["username"]), ("timeleft", str(device.session.timeout)))

    def _refuse(self, device: Device, reason: str) -> Reply:
        if not self.uam.old:
            device.challenge = b""
        reply = self.redirect(device, "failed", ("reason", reason))
        device.challenge = b"" if self.uam.old else device.challenge
        return reply

    def _logoff(self, _request: Request, device: Device) -> Reply:
        self.log_out(device, "User-Request")
        device.challenge = b""
        return self.redirect(device, "logoff")

    def _prelogin(self, _request: Request, device: Device) -> Reply:
        if self.clock() > device.challenged_at + CHALLENGE_SECONDS:
            device.challenge = b""
        return self.redirect(device, "already" if device.session else "notyet")

    def _status(self, _request: Request, device: Device) -> Reply:
        session = device.session
        said: dict[str, object] = {"version": "1.6", "clientState": int(session is not None), "nasid": self.nas_name}
        if session:
            said["session"] = {"userName": session.user_name, "sessionTimeout": session.timeout, "idleTimeout": session.idle}
            said["accounting"] = {
                "inputOctets": session.downloaded, "outputOctets": session.uploaded, "viewPoint": "client",
            }  # fmt: skip
        else:
            said["challenge"] = self._challenge(device).hex()
        return Reply(200, body=json.dumps(said), content_type="application/json")

    def _challenge(self, device: Device) -> bytes:
        if not device.challenge:
            device.challenge, device.challenged_at = secrets.token_bytes(16), self.clock()
        return device.challenge

    # ---- RADIUS

    def described(self, device: Device) -> dict[Key, bytes]:
        """Attributes of every packet about a device."""
        return {
            wire.SERVICE_TYPE: number(1), wire.FRAMED_IP: address(device.ip), wire.NAS_PORT_TYPE: number(wire.WIRELESS),
            wire.NAS_PORT: number(1), wire.NAS_PORT_ID: b"00000001", wire.CALLING: device.mac.dashes.encode(),
            wire.CALLED: self.mac.dashes.encode(), wire.NAS_IP: address("127.0.0.1"), wire.NAS_ID: self.nas_name.encode(),
        }  # fmt: skip

    def counted(self, session: Session) -> dict[Key, bytes]:
        """Input is what the client downloaded, and a VSA says so."""
        return {**octets(session.downloaded, session.uploaded), VIEWPOINT: number(2)}

    def speed(self, answer: Answer) -> tuple[int, int]:
        """Its own attributes before WISPr's."""
        own = answer.integer(BANDWIDTH_UP), answer.integer(BANDWIDTH_DOWN)
        return own[0] or (answer.integer(wire.WISPR_UP) or 0) // 1000, own[1] or (answer.integer(wire.WISPR_DOWN) or 0) // 1000

    def named(self, order: Order) -> Session | Verdict:
        """User-Name is mandatory; without it there is no answer. A NAK has no Error-Cause."""
        user_name, session_id = order.text(wire.USER_NAME), order.text(wire.ACCT_SESSION_ID)
        if user_name is None:
            return None
        for _device, session in self.sessions():
            if session.user_name == user_name and session_id in (None, session.session_id):
                return session
        return 0


def escaped(text: str) -> str:
    """As chilli writes values: lower-case digits after "%"."""
    out = quote(text, safe=UAM_SAFE)
    return "".join(piece if at == 0 else f"%{piece[:2].lower()}{piece[2:]}" for at, piece in enumerate(out.split("%")))


def signed(text: str, secret: str) -> str:
    """The URL with its md."""
    return f"{text}&md={hashlib.md5((text + secret).encode()).hexdigest().upper()}"


def new_challenge(challenge: bytes, secret: str) -> bytes:
    """MD5 of the challenge and the shared secret; the challenge itself where there is none."""
    return hashlib.md5(challenge + secret.encode()).digest() if secret else challenge


def shown_password(hidden: str, mixed: bytes) -> str:
    """redir.c: 128 octets of the field and of zeros, each XOR the challenge; a C string ends at the first NUL."""
    field = bytes.fromhex(hidden).ljust(128, b"\0")
    shown = bytes(octet ^ mixed[at % 16] for at, octet in enumerate(field))
    return shown.partition(b"\0")[0].decode("latin-1")
