"""A real browser against the app on a loopback port."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def missing() -> str | None:
    """Why it cannot run here, or None."""
    return None if CHROMIUM else "Chromium is not installed (apt-get install chromium)"


@contextmanager
def served(app: Flask, port: int = 0, *, cookies: bool = True) -> Iterator[str]:
    """The app on a port (0: any free one); gives its address. Without `cookies` none pass in either direction."""
    server = make_server("127.0.0.1", port, app if cookies else _without_cookies(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _without_cookies(app: Flask) -> Callable[..., Iterable[bytes]]:
    """What the portal sees of a browser that keeps no cookies, and what such a browser sees of the portal."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop("HTTP_COOKIE", None)
        return app(environ, lambda status, headers, *rest: start(status, [h for h in headers if h[0] != "Set-Cookie"], *rest))

    return answer


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        try:
            yield browser
        finally:
            browser.close()
