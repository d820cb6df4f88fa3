"""What FreeRADIUS has written down (`raddb/detail.conf.in`) → packets: a line each, `seconds router {JSON}`, marks between."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"^(\d{1,11}) ([A-Za-z0-9_.-]{1,60}) (\{.*)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """One packet as it was written down. `received_at` is in whole Unix seconds; `end` is where it ends in its piece.

    `body` is a JSON object of attributes, as authorize's is: the same border (`packets.py`) reads both.
    """

    nas_name: str
    received_at: int
    body: bytes
    end: int


def read(piece: bytes) -> Iterator[Written]:
    """Every packet of a piece that begins where a line begins, but for an end that no line has yet.

    One that was cut short is among them: its body is no JSON any more, and whoever stores packets puts it aside.
    """
    for line in _LINE.finditer(piece):
        yield Written(line[2].decode(), int(line[1]), line[3], line.end())
