"""Listens to every log record of the whole run for what must never be in one: the tests' phone, keys and codes (A21).

It looks at what callers hand to the log, before the net of `portal.core.logging` has a chance to mend it. A find fails
the run, with the test that it happened in. Logs of other processes and files of queues are read at the end.
"""

import logging
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from portal.signup import codes

PHONE = "9031234567"  # tests.support.signups.PHONE in any spelling: what is left of it without country and spaces
SECRETS = {
    "secret_key": "tests-only-0123456789-abcdefghijkl-secret",
    "identity_key": "tests-only-9876543210-lkjihgfedcba-identity",
    "radius_hook_secret": "tests-only-hook-5432109876-mnopqrstuvwxyz",
    "metrics_token": "tests-only-metrics-24680-token",
}
FILES = ("*.log", "queue.db*")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_PHONE = re.compile(r"[\s().\u00a0\u2011-]*".join(PHONE))
_SIX = re.compile(r"(?<![\w.+/-])\d{6}(?![\w-])")  # not a part of a number, a token or a time
# Records of these loggers are the tests' own, made to see that the net holds.
ON_PURPOSE = ("tests.leak",)


@dataclass
class Canary:
    """What one test wrote to the log, and the codes that were alive in it."""

    lines: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    def see(self, record: logging.LogRecord) -> None:
        """Keep all that a record says: message, exception, and every field that its caller added."""
        if not record.name.startswith(ON_PURPOSE):
            self.lines.append(written(record))

    def finds(self) -> list[str]:
        """One line for each secret that was said."""
        return [f"{what} in: {line[:400]}" for line in self.lines for what in found_in(line, self.codes)]

    def clear(self) -> None:
        """The next test."""
        self.lines.clear()
        self.codes.clear()


def written(record: logging.LogRecord) -> str:
    """Everything in a record as text."""
    own = copy(record)  # a formatter leaves its traces in the record
    try:
        text = logging.Formatter("%(name)s: %(message)s").format(own)
    except (TypeError, ValueError):
        text = f"{own.name}: {own.msg!r} {own.args!r}"
    return " ".join([text, *(f"{name}={value!r}" for name, value in vars(record).items() if name not in _STANDARD)])


def found_in(text: str, alive: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """Names of the secrets that a text holds; `alive` are the codes that it could hold."""
    found = [name for name, secret in SECRETS.items() if secret in text]
    if _PHONE.search(text):
        found.append("the phone")
    return [*found, *("a code" for six in _SIX.findall(text) if six in alive)]


def found_in_files(folder: Path) -> list[str]:
    """Logs and queues under a folder that hold a secret. Codes are not looked for: nobody knows when they were alive."""
    paths = sorted(path for pattern in FILES for path in folder.rglob(pattern) if path.is_file())
    return [f"{what} in {path}" for path in paths for what in found_in(path.read_bytes().decode("latin-1"))]


class Watch:
    """The plugin. In a worker of xdist it tells its finds to the process that decides about the run."""

    def __init__(self, config: pytest.Config) -> None:
        self.canary = Canary()
        self.finds: list[str] = []
        self._config = config
        self._handle, self._derive = logging.Logger.handle, codes._derive
        _listen(self.canary)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Each test has its own records and codes."""
        self.canary.clear()
        try:
            return (yield)
        finally:
            self.finds += [f"{item.nodeid}: {find}" for find in self.canary.finds()]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Read the files that are left, then fail the run or tell who can."""
        folder = _folder(self._config)
        self.finds += found_in_files(folder) if folder else []
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["canary"] = self.finds
        elif self.finds and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of xdist is done."""
        self.finds += getattr(node, "workeroutput", {}).get("canary", [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found where."""
        if self.finds:
            terminalreporter.section("secrets in logs or queues (A21): the run has failed", red=True)
            for find in self.finds:
                terminalreporter.line(find)

    def pytest_unconfigure(self) -> None:
        """Leave the process as it was."""
        logging.Logger.handle, codes._derive = self._handle, self._derive  # type: ignore[method-assign]


def _listen(canary: Canary) -> None:
    """Hear every record that passes its logger's level, whatever handlers it has; and learn of every code."""
    handle, derive = logging.Logger.handle, codes._derive

    def heard(self: logging.Logger, record: logging.LogRecord) -> None:
        canary.see(record)
        handle(self, record)

    def derived(*facts: Any) -> str:
        code = derive(*facts)
        canary.codes.add(code)
        return code

    logging.Logger.handle, codes._derive = heard, derived  # type: ignore[method-assign]


def _folder(config: pytest.Config) -> Path | None:
    """Where this process's tests wrote their files; None when none did."""
    factory = getattr(config, "_tmp_path_factory", None)
    return factory._basetemp if factory is not None else None


def watch(config: pytest.Config) -> None:
    """Begin; every logger speaks at DEBUG."""
    if config.option.log_level is None:
        config.option.log_level = "DEBUG"
    config.pluginmanager.register(Watch(config), "canary")
