"""A guest's phone: a small Chromium that listens for what must not happen while its owner goes the way to the card."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request

# Chromium without a window calls itself a robot, and is counted as one.
_ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"


@dataclass(frozen=True)
class Kind:
    """What a phone speaks, and what it does not let pages do."""

    language: str
    scripts: bool = True
    cookies: bool = True

    def __str__(self) -> str:
        lacks = [name for name, has in (("no-scripts", self.scripts), ("no-cookies", self.cookies)) if not has]
        return "-".join([self.language, *lacks])


@dataclass
class Handset:
    """One window of a phone. `asked` are its requests so far, `complaints` what the console said (the CSP speaks there)."""

    page: Page
    asked: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        """Every host and port that was asked for anything."""
        return {urlsplit(request.url).netloc for request in self.asked if not request.url.startswith("data:")}

    def kinds(self) -> list[str]:
        """What was loaded over the network: `document`, `image`, …"""
        return sorted(request.resource_type for request in self.asked if not request.url.startswith("data:"))

    def leave_phone(self, number: str, *boxes: str) -> None:
        """Type the number, tick the boxes, press the button; the code page comes."""
        self.page.fill("#phone", number)
        for box in boxes:
            self.page.check(f"#{box}")
        self.page.click("form button[type=submit]")
        self.page.wait_for_url("**/verify/*")

    def type_code(self, code: str, *, press: bool) -> None:
        """Type the code; with scripts the form goes off by itself at the sixth digit, without them a button is pressed."""
        self.page.fill("#code", code)
        if press:
            self.page.click("#verify button[type=submit]")


@contextmanager
def handset(browser: Browser, kind: Kind, **how: Any) -> Iterator[Handset]:
    """A window of a new phone, or of one that kept nothing; closed at the end."""
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, locale=kind.language, java_script_enabled=kind.scripts,
        user_agent=_ANDROID, **how,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    try:
        yield _listening(context)
    finally:
        context.close()


def _listening(context: BrowserContext) -> Handset:
    seen = Handset(context.new_page())
    seen.page.on("request", lambda request: seen.asked.append(request))  # noqa: PLW0108 - Playwright marks a handler
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    return seen
