"""A captive mini-browser without scripts: it follows redirects and refreshes between a router and the portal.

It sends from its device's own address, so that the router knows who it is. The portal is asked through its test client.
"""

import html
import http.client
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from flask.testing import FlaskClient

MOST_STEPS = 12


class Circle(AssertionError):
    """Sent around without end."""


@dataclass(frozen=True)
class Page:
    """Where the browser came to a stand."""

    url: str
    status: int
    text: str
    steps: tuple[str, ...]  # every address on the way

    def form(self) -> tuple[str, dict[str, str]]:
        """The page's form: where it goes, and its hidden fields."""
        action = re.search(r'<form[^>]* action="([^"]*)"', self.text)
        assert action, self.text[:300]
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.text)
        return urljoin(self.url, html.unescape(action[1])), {name: html.unescape(value) for name, value in fields}


class MiniBrowser:
    """One window on one device."""

    def __init__(self, portal: FlaskClient, portal_url: str, ip: str, router_port: int) -> None:
        self.portal, self.portal_url, self.ip, self.router_port = portal, portal_url, ip, router_port

    def open(self, url: str) -> Page:
        """A page, and wherever it leads."""
        return self._travel("GET", url, None)

    def send(self, url: str, values: dict[str, str]) -> Page:
        """A form, and wherever it leads."""
        return self._travel("POST", urljoin(self.portal_url, url), values)

    def _travel(self, method: str, url: str, values: dict[str, str] | None) -> Page:
        steps: list[str] = []
        while len(steps) < MOST_STEPS:
            steps.append(url)
            status, location, text = self._ask(method, url, values)
            refresh = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)"', text)
            onward = location or (html.unescape(refresh[1]) if refresh and "<noscript" not in text else "")
            if not onward:
                return Page(url, status, text, tuple(steps))
            method, url, values = "GET", urljoin(url, onward), None
        raise Circle(steps)

    def _ask(self, method: str, url: str, values: dict[str, str] | None) -> tuple[int, str, str]:
        if url.startswith(self.portal_url + "/"):
            return self._ask_portal(method, url, values)
        return self._ask_network(method, url, values)

    def _ask_portal(self, method: str, url: str, values: dict[str, str] | None) -> tuple[int, str, str]:
        parts = urlsplit(url)
        query = parts.query.replace("\\", "%5C")
        answer: Any = self.portal.open(parts.path, query_string=query, method=method, data=values, base_url=self.portal_url)
        return answer.status_code, answer.headers.get("Location", ""), answer.text

    def _ask_network(self, method: str, url: str, values: dict[str, str] | None) -> tuple[int, str, str]:
        """Whatever host is meant, the router is in between."""
        parts = urlsplit(url)
        line = http.client.HTTPConnection("127.0.0.1", self.router_port, timeout=10, source_address=(self.ip, 0))
        try:
            body, headers = (urlencode(values), {"Content-Type": "application/x-www-form-urlencoded"}) if values else (None, {})
            path = parts.path or "/"
            line.request(method, path + (f"?{parts.query}" if parts.query else ""), body, {"Host": parts.netloc, **headers})
            answer = line.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            line.close()
