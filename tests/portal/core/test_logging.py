"""What a log line holds, and what the net takes out of it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from portal.core.logging import Redacted, current_trace, follow, following, redact

PHONES = ["+79161234567", "79161234567", "89161234567", "+7 916 123-45-67", "8 (916) 123-45-67", "+375291234567"]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Lines of the logger `canary`, as a process would write them."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Redacted())
    log = logging.getLogger("canary")
    log.addHandler(handler)
    log.setLevel("DEBUG")
    yield out
    log.removeHandler(handler)


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_never_reaches_a_line(lines: io.StringIO, phone: str) -> None:
    logging.getLogger("canary").warning("sent to %s now", phone, extra={"typed": f"«{phone}»"})
    assert phone not in lines.getvalue()
    assert "4567" not in lines.getvalue() and "45-67" not in lines.getvalue()


def test_the_short_link_of_an_sms_never_reaches_a_line(lines: io.StringIO) -> None:
    logging.getLogger("canary").info("request", extra={"path": "/l/0123456789"})
    assert "0123456789" not in lines.getvalue() and "/l/~" in lines.getvalue()


def test_an_exception_is_written_without_its_phone(lines: io.StringIO) -> None:
    try:
        raise ValueError("bad number +79161234567")
    except ValueError:
        logging.getLogger("canary").exception("failed")
    line = json.loads(lines.getvalue())
    assert "ValueError" in line["exc_info"]
    assert "79161234567" not in lines.getvalue()


@pytest.mark.parametrize("text", ["code 123456", "код: 123 456", "Code=123456", "otp 123-456", "кода 123456"])
def test_a_code_never_reaches_a_line(text: str) -> None:
    assert "456" not in redact(text)


def test_tokens_in_paths_are_cut_and_short_codes_are_kept() -> None:
    assert redact("/verify/AbCdEfGhIjKlMnOpQrStUv_-/resend") == "/verify/~/resend"
    assert redact("/s/terem-7") == "/s/terem-7"


def test_figures_that_are_nobodys_are_kept() -> None:
    text = "1732270000000 ms, 12345678901 bytes, 2026-11-22T09:00:00.123456+00:00, INN 7701234567"
    assert redact(text) == text


def test_a_line_belongs_to_the_visit_it_follows(lines: io.StringIO) -> None:
    with following("visit-1"):
        logging.getLogger("canary").info("inside")
    logging.getLogger("canary").info("outside")
    inside, outside = (json.loads(line) for line in lines.getvalue().splitlines())
    assert inside["trace"] == "visit-1"
    assert inside["level"] == "INFO" and inside["logger"] == "canary" and inside["timestamp"]
    assert outside["trace"] != "visit-1"


def test_following_a_second_visit_leaves_the_first() -> None:
    with following(""):
        follow("first")
        follow("second")
        assert current_trace() == "second"
