"""The router's doors over HTTP, on loopback."""

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from portal.core.mac import Mac, parse_mac
from portal.gateways.base import BadArrival
from portal.gateways.simulated_router import pages
from portal.gateways.simulated_router.nas import HooksAway
from portal.gateways.simulated_router.router import Router, new_mac

log = logging.getLogger(__name__)
MAX_BODY = 4096
SWEEP_SECONDS = 0.5


class RouterServer(ThreadingHTTPServer):
    """Serves one Router, and sweeps it in the background, until `stop`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, router: Router, host: str, port: int) -> None:
        super().__init__((host, port), Door)
        self.router = router
        self.url = f"http://{host}:{self.server_address[1]}"
        self._ending = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, daemon=True)

    def run(self) -> None:
        """Serve until `stop` is called from another thread."""
        self._sweeper.start()
        try:
            self.serve_forever(poll_interval=0.1)
        finally:
            self._ending.set()
            self._sweeper.join()
            self.server_close()

    def stop(self) -> None:
        """End `run`."""
        self.shutdown()

    def _sweep(self) -> None:
        while not self._ending.wait(SWEEP_SECONDS):
            self.router.sweep()


class Door(BaseHTTPRequestHandler):
    """One request."""

    server: RouterServer
    timeout = 10

    def do_GET(self) -> None:
        """/, /device/<mac>/…, /state/<mac>, /let-in/<ticket>."""
        kind, _, rest = self.path.split("?")[0].lstrip("/").partition("/")
        doors = {"": self._home, "device": self._browse, "state": self._state, "let-in": self._let_in}
        doors.get(kind, self._nothing)(rest)

    def do_POST(self) -> None:
        """/new, /device/<mac>/leave, /put-out."""
        kind, _, rest = self.path.lstrip("/").partition("/")
        doors = {"new": self._new, "device": self._leave, "put-out": self._put_out}
        doors.get(kind, self._nothing)(rest)

    def _home(self, _rest: str) -> None:
        self._page(200, pages.home(self.server.router))

    def _browse(self, rest: str) -> None:
        """Any page of the internet, from the device in the path. A blocked one is sent to the portal."""
        router, mac = self.server.router, self._mac(rest)
        if mac is None:
            return self._nothing(rest)
        left = router.device(mac).until - router.clock()
        if left > 0:
            return self._page(200, pages.internet(router, mac.colons, int(left)))
        return self._send_to(302, router.portal_link(mac, self.server.url + self.path))

    def _state(self, rest: str) -> None:
        mac = self._mac(rest)
        if mac is None:
            return self._nothing(rest)
        return self._json(200, {"mac": mac.colons, "online": self.server.router.is_online(mac)})

    def _let_in(self, token: str) -> None:
        try:
            back = self.server.router.let_in(token)
        except BadArrival as error:
            return self._page(403, pages.refused(error.code))
        except HooksAway:
            return self._page(504, pages.refused("RADIUS does not answer"))
        return self._send_to(303, back)

    def _new(self, _rest: str) -> None:
        self._send_to(303, f"/device/{new_mac()}/")

    def _leave(self, rest: str) -> None:
        mac = self._mac(rest)
        if mac is None:
            return self._nothing(rest)
        self.server.router.disconnect(mac, "User-Request")
        return self._send_to(303, "/")

    def _put_out(self, _rest: str) -> None:
        length = self.headers.get("Content-Length", "")
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 6 else 0
        try:
            self.server.router.put_out(self.rfile.read(min(size, MAX_BODY)).decode("utf-8", "replace"))
        except BadArrival as error:
            return self._json(403, {"error": error.code})
        return self._json(200, {"online": False})

    def _nothing(self, _rest: str) -> None:
        self._page(404, pages.frame("Nothing here", '<p><a href="/">All devices</a></p>'))

    def _mac(self, rest: str) -> Mac | None:
        try:
            return parse_mac(unquote(rest.partition("/")[0]))
        except ValueError:
            return None

    def _page(self, status: int, html: str) -> None:
        self._answer(status, "text/html; charset=utf-8", html.encode())

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._answer(status, "application/json", json.dumps(body).encode())

    def _send_to(self, status: int, url: str) -> None:
        self._answer(status, "text/plain", b"", url)

    def _answer(self, status: int, content_type: str, body: bytes, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Paths hold tickets and MACs: only the first word of a path is logged."""
        log.info("request", extra={"door": self.path.lstrip("/").partition("/")[0][:20]})
