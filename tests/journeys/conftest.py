"""One Chromium for a file of browser journeys."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.conftest import skip_or_fail
from tests.support import browsing


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; in CI it must be there."""
    if browsing.missing():
        skip_or_fail(browsing.missing() or "")
    with browsing.chromium() as found:
        yield found
