"""The folder where FreeRADIUS writes accounting down, a file a minute: what was read of each, and when a file may go.

Files are only read and removed here, and only appended to there. How far a file was read stands in a file beside it, written
after the database has committed: a crash between the two stores a batch a second time, which changes nothing.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from radius_hooks.detail import Written, read

log = logging.getLogger(__name__)
PIECE = 256 * 1024  # some 500 packets: one transaction
LONGEST = 8 * 1024  # of one line; linelog allows 4,096 bytes
REFUSED_SECONDS = 30 * 86_400  # what was put aside holds MACs and names of logins: long enough to be looked at
REFUSED_BYTES = 16 * 1024 * 1024  # of one day; a router gone mad must not fill the disk
SETTLED_SECONDS = 120  # FreeRADIUS gives a request up after 5 s, and never writes into the file of a minute long past


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets of one file. `position` is where reading goes on once they are stored."""

    file: Path
    packets: list[Written]
    position: int


class Spool:
    """One folder. Only one process may read it at a time: `owned()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._positions: dict[Path, int] = {}
        self._ends: dict[Path, int] = {}  # sizes up to which nothing more was found

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Wait until no other process reads this folder."""
        with (self.folder / "reader.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def files(self) -> list[Path]:
        """Everything that was written down and not yet removed, oldest first."""
        return sorted(path for path in self.folder.glob("detail-*") if not path.suffix)

    def fresh(self) -> Batch | None:
        """What came in the last minutes, the newest file first: a backlog must not hold up who comes online now."""
        for file in reversed(self.files()[-2:]):
            if _age(file) < SETTLED_SECONDS and (batch := self._next(file)):
                return batch
        return None

    def late(self) -> Batch | None:
        """A piece of the oldest file that has not been read to its end."""
        files = self.files()
        for file in files:
            if batch := self._next(file):
                return batch
            if file != files[-1]:  # FreeRADIUS has turned away from it
                self._remove_if_settled(file)
        return None

    def done(self, batch: Batch) -> None:
        """The batch is in the database. On a full disk that is remembered here alone: reading on is what makes room."""
        self._positions[batch.file] = batch.position
        note = _note(batch.file)
        fresh = note.with_suffix(".new")
        try:
            fresh.write_text(str(batch.position), "ascii")
            fresh.replace(note)
        except OSError as error:
            log.error("no room to note how far was read", extra={"error": error.errno})

    def put_aside(self, packet: Written) -> None:
        """Keep a packet that no database can take, for a person to look at; a file for each day, of a bounded size."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        path = self.folder / time.strftime("refused-%Y%m%d", time.gmtime())
        with os.fdopen(os.open(path, flags, 0o600), "ab") as file:
            if file.tell() < REFUSED_BYTES:
                file.write(f"{packet.received_at} {packet.nas_name} ".encode() + packet.body + b"\n")

    def forget_refused(self) -> None:
        """Remove what was put aside long ago."""
        for file in self.folder.glob("refused*"):
            if _age(file) > REFUSED_SECONDS:
                file.unlink()

    def waiting_bytes(self) -> int:
        """How much is still to be read."""
        return sum(self._left(file) for file in self.files())

    def _left(self, file: Path) -> int:
        try:
            return max(0, file.stat().st_size - self._position(file))
        except FileNotFoundError:  # whoever reads the spool has come to its end, and removed it
            return 0

    def _next(self, file: Path) -> Batch | None:
        """The next packets of a file; None when there is no whole one."""
        start = self._position(file)
        if file.stat().st_size == self._ends.get(file):
            return None
        with file.open("rb") as source:
            source.seek(start)
            piece = source.read(PIECE)
        packets = list(read(piece))
        if packets:
            return Batch(file, packets, start + packets[-1].end)
        if len(piece) == PIECE:  # nothing that a packet could hide in: step over it, but for a beginning at the end
            return Batch(file, [], start + PIECE - LONGEST)
        self._ends[file] = start + len(piece)
        return None

    def _position(self, file: Path) -> int:
        if file not in self._positions:
            note = _note(file)
            self._positions[file] = int(note.read_text("ascii") or 0) if note.exists() else 0
        return self._positions[file]

    def _remove_if_settled(self, file: Path) -> None:
        if _age(file) < SETTLED_SECONDS:
            return
        file.unlink()
        _note(file).unlink(missing_ok=True)
        self._positions.pop(file, None)
        self._ends.pop(file, None)


def _age(file: Path) -> float:
    """Seconds since it was written into."""
    return time.time() - file.stat().st_mtime


def _note(file: Path) -> Path:
    return file.with_suffix(".read")
