"""What every pretend hotspot router does, whatever it speaks: block devices, ask RADIUS, keep time, account, obey orders.

A device is known by the address that its packets come from, as on a real network: devices of a test send from 127.1.x.y.
"""

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from portal.core.mac import Mac
from tests.support import radius_line as wire
from tests.support.radius_line import Answer, Key, Order, RadiusLine, Verdict, number

CAUSES = {"User-Request": 1, "Idle-Timeout": 4, "Session-Timeout": 5, "Admin-Reset": 6}


@dataclass
class Session:
    """One session of one device. Times are Unix seconds; octets as the device sees them; 0 seconds means no limit."""

    user_name: str
    session_id: str
    began: float
    heard: float
    reported: float
    class_: bytes = b""
    timeout: int = 0
    idle: int = 0
    interim: int = 600
    up_kbps: int = 0
    down_kbps: int = 0
    downloaded: int = 0
    uploaded: int = 0


@dataclass
class Device:
    """A device that has joined."""

    mac: Mac
    ip: str
    challenge: bytes = b""
    challenged_at: float = 0
    wanted: str = ""
    session: Session | None = None


@dataclass(frozen=True)
class Request:
    """An HTTP request that the router saw pass by."""

    ip: str
    method: str
    url: str
    values: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What the router answered in its place."""

    status: int
    location: str = ""
    body: str = ""
    content_type: str = "text/html; charset=utf-8"


class Hotspot:
    """A router. A kind says how it answers HTTP, what it puts into its packets, and which orders it understands."""

    mac_auth_form: Callable[[Mac], str]

    def __init__(self, line: RadiusLine, nas_name: str, clock: Callable[[], float]) -> None:
        self.line, self.nas_name, self.clock = line, nas_name, clock
        self.devices: dict[str, Device] = {}
        self.url = ""
        self.lock = threading.RLock()
        self.sent: list[dict[Key, bytes]] = []  # every accounting packet

    # ---- what a kind adds

    def answer(self, request: Request, device: Device) -> Reply:
        """A request to the router itself."""
        raise NotImplementedError

    def blocked(self, request: Request, device: Device) -> Reply:
        """A request to the internet by a device that may not go there."""
        raise NotImplementedError

    def described(self, device: Device) -> dict[Key, bytes]:
        """What names the device and the router in every packet."""
        raise NotImplementedError

    def counted(self, session: Session) -> dict[Key, bytes]:
        """The octets of a session in this router's words."""
        raise NotImplementedError

    def speed(self, answer: Answer) -> tuple[int, int]:
        """Up and down in kbit/s as this router reads them in an Access-Accept."""
        raise NotImplementedError

    def named(self, order: Order) -> Session | Verdict:
        """The session that an order means, or how it is refused."""
        raise NotImplementedError

    # ---- what all do

    def join(self, mac: Mac) -> Device:
        """A device gets its lease; one that is remembered goes online by its address."""
        device = self.device(mac)
        if device.session is None:
            name = self.mac_auth_form(mac)
            self._open(device, name, self.line.ask({**self.described(device), wire.USER_NAME: name.encode()}, name))
        return device

    def device(self, mac: Mac) -> Device:
        """The device, with the address that it has here."""
        with self.lock:
            known = next((d for d in self.devices.values() if d.mac == mac), None)
            if known is None:
                known = Device(mac, f"127.1.0.{len(self.devices) + 10}")
                self.devices[known.ip] = known
            return known

    def log_in(self, device: Device, user_name: str, attributes: dict[Key, bytes], password: str | None = None) -> Answer:
        """Ask RADIUS; an accept opens the session."""
        asked = {**self.described(device), wire.USER_NAME: user_name.encode(), **attributes}
        return self._open(device, user_name, self.line.ask(asked, password))

    def log_out(self, device: Device, cause: str) -> None:
        """End the session, and say why."""
        with self.lock:
            session, device.session = device.session, None
        if session is not None:
            self._account(device, session, wire.STOP, {wire.ACCT_CAUSE: number(CAUSES[cause])})

    def transfer(self, device: Device, downloaded: int, uploaded: int) -> None:
        """The device uses the internet."""
        assert device.session is not None
        device.session.downloaded += downloaded
        device.session.uploaded += uploaded
        device.session.heard = self.clock()

    def sweep(self) -> None:
        """End what is over, report what is due."""
        now = self.clock()
        for device in list(self.devices.values()):
            session = device.session
            if session is None:
                continue
            if session.timeout and now >= session.began + session.timeout:
                self.log_out(device, "Session-Timeout")
            elif session.idle and now >= session.heard + session.idle:
                self.log_out(device, "Idle-Timeout")
            elif now >= session.reported + session.interim:
                session.reported = now
                self._account(device, session, wire.UPDATE)

    def restart(self) -> None:
        """Power off and on: sessions are gone, and RADIUS is told."""
        for device in self.devices.values():
            device.session = None
        self._send({wire.ACCT_STATUS: number(wire.ON), wire.NAS_ID: self.nas_name.encode()})

    def obey(self, order: Order) -> Verdict:
        """A Disconnect ends a session, a CoA changes its time."""
        session = self.named(order)
        if not isinstance(session, Session):
            return session
        device = next(d for d in self.devices.values() if d.session is session)
        if order.disconnect:
            self.log_out(device, "Admin-Reset")
        elif wire.SESSION_TIMEOUT in order.attributes:
            session.timeout = int.from_bytes(order.attributes[wire.SESSION_TIMEOUT], "big")
        return True

    def sessions(self) -> list[tuple[Device, Session]]:
        """Who is online."""
        return [(device, device.session) for device in self.devices.values() if device.session is not None]

    def see(self, request: Request) -> Reply:
        """Every HTTP request of a device passes here."""
        device = self.devices.get(request.ip)
        if device is None:
            return Reply(403, body="no lease")
        if request.url.startswith(self.url + "/"):
            return self.answer(request, device)
        if device.session is not None:
            device.session.heard = self.clock()
            return Reply(200, body=f"internet: {urlsplit(request.url).hostname}")
        return self.blocked(request, device)

    def _open(self, device: Device, user_name: str, answer: Answer) -> Answer:
        if not answer.accept:
            return answer
        now, up_down = self.clock(), self.speed(answer)
        interim = answer.integer(wire.INTERIM) or 0
        device.session = Session(
            user_name, secrets.token_hex(8), now, now, now, answer.attributes.get(wire.CLASS, b""),
            answer.integer(wire.SESSION_TIMEOUT) or 0, answer.integer(wire.IDLE_TIMEOUT) or 0,
            interim if interim >= 60 else 600, *up_down,
        )  # fmt: skip
        self._account(device, device.session, wire.START)
        return answer

    def _account(self, device: Device, session: Session, status: int, more: dict[Key, bytes] | None = None) -> None:
        attributes = {
            **self.described(device), wire.ACCT_STATUS: number(status), wire.USER_NAME: session.user_name.encode(),
            wire.ACCT_SESSION_ID: session.session_id.encode(), wire.ACCT_TIME: number(int(self.clock() - session.began)),
            **self.counted(session), **(more or {}),
        }  # fmt: skip
        if session.class_:
            attributes[wire.CLASS] = session.class_
        self._send(attributes)

    def _send(self, attributes: dict[Key, bytes]) -> None:
        self.sent.append(attributes)
        self.line.account(attributes)


def octets(incoming: int, outgoing: int) -> dict[Key, bytes]:
    """Acct-Input and Acct-Output with their gigawords (RFC 2869 §5.1–2)."""
    return {
        wire.ACCT_INPUT: number(incoming % 2**32), wire.ACCT_IN_GIGA: number(incoming >> 32),
        wire.ACCT_OUTPUT: number(outgoing % 2**32), wire.ACCT_OUT_GIGA: number(outgoing >> 32),
    }  # fmt: skip


class _Door(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.0"
    timeout = 10

    def do_GET(self) -> None:
        """Any page."""
        self._see("")

    def do_POST(self) -> None:
        """Any form."""
        self._see(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

    def _see(self, body: str) -> None:
        url = self.path if self.path.startswith("http") else f"http://{self.headers['Host']}{self.path}"
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True) + parse_qsl(body, keep_blank_values=True)
        reply = self.server.hotspot.see(Request(self.client_address[0], self.command, url, dict(pairs)))
        self.send_response(reply.status)
        if reply.location:
            self.send_header("Location", reply.location)
        self.send_header("Content-Type", reply.content_type)
        self.end_headers()
        self.wfile.write(reply.body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hotspot: Hotspot


@dataclass
class Running:
    """A hotspot on its ports: guests' HTTP passes through `port`, orders come to `coa_port`."""

    hotspot: Hotspot
    port: int
    coa_port: int = field(default=0)


@contextlib.contextmanager
def serving(hotspot: Hotspot) -> Iterator[Running]:
    """Give the router its address on the guests' network, and its orders."""
    server = _Server(("127.0.0.1", 0), _Door)
    server.hotspot = hotspot
    port = server.server_address[1]
    hotspot.url = f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with wire.orders(hotspot.line.secret, hotspot.obey) as coa_port:
            yield Running(hotspot, port, coa_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
