"""A table as a file that leaves the house: made on disk, sent piece by piece, its name of plain letters."""

import re
import tempfile
from dataclasses import dataclass
from typing import IO

from flask import Response, send_file

from portal.reporting.exports import WRITERS, Table

IN_MEMORY = 1_000_000  # bytes; a longer file waits on disk


@dataclass(frozen=True)
class File:
    """A finished file, and how many lines it has."""

    content: IO[bytes]
    lines: int
    suffix: str


def made(table: Table, suffix: str) -> File:
    """Write a table (`csv` or `xlsx`), while its session is open."""
    content = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    lines = WRITERS[suffix][1](table, content)
    content.seek(0)
    return File(content, lines, suffix)


def sent(file: File, *names: str) -> Response:
    """The answer. Call it when the line in the journal is committed."""
    name = "-".join(re.sub(r"[^A-Za-z0-9_.-]", "", part) for part in names if part)
    answer = send_file(
        file.content,
        mimetype=WRITERS[file.suffix][0],
        as_attachment=True,
        download_name=f"{name}.{file.suffix}",
        etag=False,
        conditional=False,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
