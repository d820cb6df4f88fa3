"""Shows a state in Chromium, listens for what goes wrong, looks with axe, takes pictures."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from tests.support.pages import SIZES, State
from tests.support.stage import PASSWORD, Stage

GRAVE = ("serious", "critical")
_phones: "WeakKeyDictionary[Browser, dict[tuple[str, str], Page]]" = WeakKeyDictionary()


@dataclass
class Shown:
    """A state on the screen, and what was noticed while it came there."""

    page: Page
    statuses: list[int] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # of the console, the CSP among them
    strangers: set[str] = field(default_factory=set)  # hosts that are not ours

    @property
    def status(self) -> int:
        """Of the last page."""
        return self.statuses[-1]

    def faults(self) -> list[str]:
        """What axe finds serious or critical. Only that is fetched from the page: what it finds good is ten times as much."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        return [f"{v['id']}: {node['html'][:160]}" for v in found if v["impact"] in GRAVE for node in v["nodes"]]

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def hear(self, said: ConsoleMessage) -> None:
        """An error on the console is a complaint."""
        if said.type == "error":
            self.complaints.append(said.text)

    def note_host(self, asked: Request) -> None:
        """Whoever is asked and is not us is a stranger."""
        parts = urlsplit(asked.url)
        if parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1":
            self.strangers.add(parts.hostname or "")

    def note_status(self, got: Response) -> None:
        """Of pages, not of what is in them."""
        if got.request.is_navigation_request():
            self.statuses.append(got.status)

    def picture(self, path: Path) -> None:
        """The whole page, to a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=True)


@contextmanager
def shown(browser: Browser, stage: Stage, state: State, language: str) -> Iterator[Shown]:
    """Bring a state to the screen of a phone that has kept nothing of the one before."""
    stage.language, stage.shift = language, timedelta()
    page = _phone(browser, stage.base, language)
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    seen = Shown(page)
    noticing: dict[str, Callable[[Any], None]] = {"console": seen.hear, "request": seen.note_host, "response": seen.note_status}
    try:
        _forget(page, stage.base)
        if state.role:
            _sign_in(page, stage.staff(state.role))
        for event, notice in noticing.items():
            page.on(event, notice)
        _bring(seen, stage, state)
        yield seen
    finally:
        for event, notice in noticing.items():
            page.remove_listener(event, notice)
        page.goto("about:blank")
        stage.shift = timedelta()


def _phone(browser: Browser, base: str, language: str) -> Page:
    """One for all states in a language: with each new one Chromium would begin anew with our pages, and with axe."""
    phones = _phones.setdefault(browser, {})
    if (base, language) not in phones:
        phones[base, language] = browser.new_context(locale=language, base_url=base, service_workers="block").new_page()
    return phones[base, language]


def _forget(page: Page, origin: str) -> None:
    """Cookies, storage and caches of our pages."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    devtools.detach()


def _bring(seen: Shown, stage: Stage, state: State) -> None:
    seen.page.goto(state.where(stage), wait_until="load")
    if state.act:
        state.act(seen.page)
    # Chromium itself calls a page that answered 4xx an error: that is the state, not a complaint.
    seen.complaints[:] = [text for text in seen.complaints if "the server responded with a status of" not in text]


def _sign_in(page: Page, email: str) -> None:
    """By the form, but without drawing it, nor the page that comes after it."""
    at, asked = "/dashboard/sign-in", page.context.request
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', asked.get(at).text())
    assert token
    entered = asked.post(at, form={"csrf_token": token[1], "email": email, "password": PASSWORD}, max_redirects=0)
    assert entered.status == 303, entered.status
