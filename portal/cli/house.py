"""What every command needs: the house opened with its settings, rows shown, progress told."""

import errno
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from portal import models
from portal.core import demo_secrets
from portal.core.config import BadSettings, Settings, load_settings
from portal.core.db import Database

assert models  # a command may touch any room's tables

QUIET_SECONDS = 2.0
REPEAT_SECONDS = 5.0


@dataclass(frozen=True)
class House:
    """The real parts of a command."""

    settings: Settings
    database: Database


def open_settings() -> Settings:
    """The settings, or an exit that lists every problem at once. In the demo missing secrets are made first."""
    try:
        with _unusable_told():
            demo_secrets.ensure_if_demo()
            return load_settings()
    except BadSettings as error:
        problems = "\n".join(f"  {line}" for line in str(error).splitlines())
        raise click.ClickException(
            f"the settings are not right:\n{problems}\n"
            "Set them in the environment or in .env (README, Settings); `make run` starts a demo that needs none."
        ) from None


def open_house() -> House:
    """Settings and database. Exits with a clear message when the settings are wrong or the data folder is of no use."""
    settings = open_settings()
    os.umask(0o077)  # the database, the queue and the keys are for this user alone
    with _unusable_told():
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(settings.data_dir, os.W_OK | os.X_OK):  # also a read-only file system
            raise PermissionError(errno.EACCES, "not writable", str(settings.data_dir))
    return House(settings, Database(settings.url_of_database, pool_size=4))


@contextmanager
def _unusable_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(
            f"{error.filename} cannot be used ({error.strerror}): "
            "VESTIBULE_DATA_DIR must be a folder that this user may write, and .env readable"
        ) from None


def show(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    """Print rows as a table, or as a JSON array for programs. All rows have the keys of the first."""
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=2, default=_plain))
        return
    if not rows:
        click.echo("nothing to show")
        return
    names = list(rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    for line in cells:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


@contextmanager
def progress(label: str) -> Iterator[None]:
    """Say on stderr that work goes on, from its third second."""
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(label, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(label: str, done: threading.Event) -> None:
    began = time.monotonic()
    wait = QUIET_SECONDS
    while not done.wait(wait):
        click.echo(f"{label} … {time.monotonic() - began:.0f} s", err=True)
        wait = REPEAT_SECONDS


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
