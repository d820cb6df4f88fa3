"""The internet of a lab: every host on one address, by http and https. Run as a program inside its room."""

import socketserver
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = "This is the internet"


class Everyone(BaseHTTPRequestHandler):
    """Any address of any host."""

    def do_GET(self) -> None:
        """One page."""
        body = f"<!doctype html><title>{PAGE}</title><p>{PAGE}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Asks no resolver for its own name: there is none here."""

    daemon_threads = True

    def server_bind(self) -> None:
        """As socketserver does it."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "internet", self.server_address[1]


if __name__ == "__main__":
    address, certificate = sys.argv[1:]
    plain, secure = Server((address, 80), Everyone), Server((address, 443), Everyone)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    plain.serve_forever()
