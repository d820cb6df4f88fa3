"""An HTTPS server on loopback for emulators of other people's services: what clients do wrong is its daily bread."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class TlsServer(ThreadingHTTPServer):
    """Answers with `handler`, which finds the emulator as `self.server.emulator`. `chain` is a PEM file with key and chain."""

    daemon_threads = True
    request_queue_size = 64  # eight threads at once must not wait for a SYN to be sent again
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler], emulator: Any, chain: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.emulator = emulator
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain)

    def begin(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def end(self) -> None:
        """Stop, whoever is still being answered."""
        self.shutdown()
        self.server_close()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake happens in the request's own thread: a client that never ends it holds up nobody."""
        request.settimeout(10)
        try:
            secured = self._context.wrap_socket(request, server_side=True)
        except OSError:
            return
        super().finish_request(secured, client_address)
        secured.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are what this server is for."""
