"""An access point of a UniFi controller, which sends its guests to the portal until the controller lets them through."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

from tests.support.unifi_controller import AP_MAC, UniFiController


class AccessPoint:
    """What a guest's device meets: /device/<12 hex digits>/… is its web page, or the way to the portal.

    `with AccessPoint(controller, "http://portal") as ap:` listens on `ap.url`; `portal` is scheme://host as typed into the
    console.
    """

    def __init__(self, controller: UniFiController, portal: str, site: str = "default", ssid: str = "Теремок гости") -> None:
        self.controller, self.portal, self.site, self.ssid = controller, portal, site, ssid
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Radio)
        self._server.daemon_threads = True
        self._server.access_point = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "AccessPoint":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def redirect(self, mac: str, wanted: str) -> str:
        """Where a blocked device is sent."""
        at = int(self.controller.clock())
        asked = urlencode({"ap": AP_MAC, "id": mac, "t": at, "url": wanted, "ssid": self.ssid})
        return f"{self.portal}/guest/s/{self.site}/?{asked}"


class _Radio(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        point: AccessPoint = self.server.access_point
        digits = self.path.split("/")[2]
        mac = ":".join(digits[i : i + 2] for i in range(0, 12, 2))
        point.controller.connect(mac, point.site)
        through = point.controller.is_authorized(mac, point.site)
        self.send_response(200 if through else 302)
        if not through:
            self.send_header("Location", point.redirect(mac, f"{point.url}{self.path}"))
        self.send_header("Content-Length", "2" if through else "0")
        self.end_headers()
        self.wfile.write(b"ok" if through else b"")
