"""SMS on the terminal, for the demo and for work on the portal. The only place where a code appears; it is no log."""

import fcntl
import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from portal.core.clock import utcnow
from portal.core.phone import Phone
from portal.core.tokens import random_id
from portal.sms.senders.base import Accepted, OutgoingSms, Refused, Sender

KEPT_MESSAGES = 30


@dataclass(frozen=True, slots=True, repr=False)
class ConsoleSms:
    """A message as it stands in the kept file."""

    id: str
    at: float  # POSIX seconds
    phone: str  # masked
    text: str

    @property
    def time(self) -> datetime:
        """When it was printed."""
        return datetime.fromtimestamp(self.at, UTC)


class ConsoleSender(Sender):
    """Prints a message and, where `kept` names a file, keeps the last ones there (mode 0600) for the demo page."""

    name = "console"

    def __init__(self, kept: Path | None, out: TextIO | None = None, clock: Callable[[], datetime] = utcnow) -> None:
        self._kept = kept
        self._out = out
        self._clock = clock

    def try_send(self, sms: OutgoingSms) -> Accepted:
        """Print it; on a terminal it has arrived at once."""
        message = ConsoleSms(random_id(), self._clock().timestamp(), sms.phone.masked, sms.text)
        if self._kept is not None:
            with _locked(self._kept) as file:
                _write(file, [*_read(file), message][-KEPT_MESSAGES:])
        frame = "─" * 44
        print(f"\n{frame}\nSMS → {message.phone}\n{sms.text}\n{frame}", file=self._out or sys.stdout, flush=True)
        return Accepted(message.id, "delivered", 0)

    def try_find(self, phone: Phone, since: datetime) -> list[Accepted]:
        """Look among the kept ones."""
        found = [m for m in self._messages() if m.phone == phone.masked and m.at >= since.timestamp()]
        return [Accepted(m.id, "delivered", 0) for m in found]

    def try_status(self, provider_id: str) -> Accepted:
        """What was printed was delivered."""
        if all(m.id != provider_id for m in self._messages()):
            raise Refused
        return Accepted(provider_id, "delivered", 0)

    def try_balance(self) -> None:
        """A terminal costs nothing."""
        return

    def _messages(self) -> list[ConsoleSms]:
        return kept_messages(self._kept) if self._kept is not None else []


def kept_file(data_dir: Path) -> Path:
    """Where the demo keeps them."""
    return data_dir / "console_sms.json"


def kept_messages(path: Path) -> list[ConsoleSms]:
    """The kept messages, oldest first."""
    if not path.exists():
        return []
    with _locked(path) as file:
        return _read(file)


def _locked(path: Path) -> AbstractContextManager[TextIO]:
    @contextmanager
    def opened() -> Any:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    return opened()


def _read(file: TextIO) -> list[ConsoleSms]:
    file.seek(0)
    return [ConsoleSms(**row) for row in json.loads(file.read() or "[]")]


def _write(file: TextIO, messages: list[ConsoleSms]) -> None:
    file.seek(0)
    file.truncate()
    json.dump([asdict(message) for message in messages], file, ensure_ascii=False)
    file.flush()
