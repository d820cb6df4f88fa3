"""Shows a state in Chromium, listens for what goes wrong, looks with axe, takes pictures."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.pages import SIZES, State
from tests.support.stage import PASSWORD, Stage

GRAVE = ("serious", "critical")


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
        """What axe finds serious or critical."""
        found = Axe().run(self.page).response["violations"]
        return [f"{v['id']}: {node['html'][:160]}" for v in found if v["impact"] in GRAVE for node in v["nodes"]]

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def picture(self, path: Path) -> None:
        """The whole page, to a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=True)


@contextmanager
def shown(browser: Browser, stage: Stage, state: State, language: str) -> Iterator[Shown]:
    """Bring a state to the screen of a phone."""
    stage.language, stage.shift = language, timedelta()
    width, height = SIZES[0]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=language, base_url=stage.base, service_workers="block"
    )
    page = context.new_page()
    try:
        if state.role:
            _sign_in(page, stage.staff(state.role))
        yield _bring(page, stage, state)
    finally:
        context.close()
        stage.shift = timedelta()


def _bring(page: Page, stage: Stage, state: State) -> Shown:
    seen = Shown(page)
    page.on("console", lambda message: seen.complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda asked: _note_host(seen, asked.url))
    page.on("response", lambda got: seen.statuses.append(got.status) if got.request.is_navigation_request() else None)
    page.goto(state.where(stage), wait_until="load")
    if state.act:
        state.act(page)
    # Chromium itself calls a page that answered 4xx an error: that is the state, not a complaint.
    seen.complaints[:] = [text for text in seen.complaints if "the server responded with a status of" not in text]
    return seen


def _note_host(seen: Shown, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1":
        seen.strangers.add(parts.hostname or "")


def _sign_in(page: Page, email: str) -> None:
    """By the form, but without drawing it, nor the page that comes after it."""
    at, asked = "/dashboard/sign-in", page.context.request
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', asked.get(at).text())
    assert token
    entered = asked.post(at, form={"csrf_token": token[1], "email": email, "password": PASSWORD}, max_redirects=0)
    assert entered.status == 303, entered.status
