"""One Chromium, and one demo to look at, for a file of browser journeys."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.conftest import skip_or_fail
from tests.support import browsing
from tests.support.stage import Stage, stage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; in CI it must be there."""
    if browsing.missing():
        skip_or_fail(browsing.missing() or "")
    with browsing.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def theatre(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A demo with every state that pages can be in; asked for after the browser, without which it is of no use."""
    with stage(tmp_path_factory.mktemp("stage")) as found:
        yield found
