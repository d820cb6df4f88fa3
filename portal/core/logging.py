"""JSON logs that carry the visit they belong to, with a net under them for whatever should never be written.

The rule is that callers do not log phones, codes, keys or tokens. `Redacted` is for the day when one does.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

_trace: ContextVar[str] = ContextVar("trace", default="")

# What must not stay in a line, and what stands in its place. Lines are JSON, so a token ends at a quote or a slash.
_NET = (
    (re.compile(r"(?<=/)[A-Za-z0-9_-]{20,}"), "~"),
    (re.compile(r"(?<=/)[0-9A-Fa-f]{2}(?:[:.-]?[0-9A-Fa-f]{2}){5}(?![\w-])"), "~"),  # a device, where a router asks for it
    (re.compile(r"(?<=/l/)[A-Za-z0-9]{10}(?![\w-])"), "~"),  # the short link of an SMS opens a card
    (re.compile(r"(?<![\w-])\+\d{2}[\d\s()-]{7,17}\d(?!\w)"), "+•"),
    (re.compile(r"(?<![\w.-])\+?[78][\s(-]*\d{3}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}(?![\w-])"), "+•"),
    (re.compile(r"(?i)\b((?:code|otp|код)\w{0,2}\W{1,3})\d{3}[ -]?\d{3}(?!\d)"), r"\1•"),
)
NOISY = ("urllib3", "pyBarcode", "smsaero", "huey", "alembic")


def follow(trace: str) -> None:
    """From here on, this thread's log lines belong to `trace`: a visit's public id, or a request's random one."""
    _trace.set(trace)


@contextmanager
def following(trace: str) -> Iterator[None]:
    """`follow` for one block, as in a job of the worker."""
    mark = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(mark)


def current_trace() -> str:
    """What this thread follows, or an empty string."""
    return _trace.get()


def redact(text: str) -> str:
    """The text without phones, tokens in paths and codes."""
    for pattern, instead in _NET:
        text = pattern.sub(instead, text)
    return text


class Redacted(JsonFormatter):
    """One JSON object a line: time, level, logger, trace, message and whatever the caller gave as `extra`."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            timestamp=True,
            json_ensure_ascii=False,
            rename_fields={"levelname": "level", "name": "logger"},
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line, passed through the net."""
        record.trace = _trace.get()
        return redact(super().format(record))


def configure(level: str) -> None:
    """Send every logger of this process to stderr as JSON. Called once by each process."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(Redacted())
    root = logging.getLogger()
    root.handlers[:] = [out]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
