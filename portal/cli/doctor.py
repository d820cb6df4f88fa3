"""`vestibule doctor`: what stands and what does not, a line each."""

from collections.abc import Callable, Mapping, Sequence

import click
from sqlalchemy.exc import SQLAlchemyError

from portal.cli import checks
from portal.cli.family_filter import family_filter
from portal.cli.house import House, open_house, progress, show
from portal.cli.last_step import last_step

# In this order: what the first two say explains why others have no answer.
_CHECKS: dict[str, Callable[[House], str]] = {
    "database": checks.database,
    "migrations": checks.schema,
    "queue": checks.queue,
    "worker": checks.worker,
    "SMS account": checks.sms_account,
    "e-mail account": checks.mail_account,
    "public URL": checks.public_url,
    "RADIUS secret": checks.radius_secret,
    "family filter": family_filter,
    "last step": last_step,
    "clock": checks.clock,
    "unsafe settings": checks.unsafe_settings,
}


@click.command
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> None:
    """Check the installation. Exits 1 when anything is wrong."""
    house = open_house()
    rows: list[dict[str, object]] = []
    with progress("checking"):
        for name, check in _CHECKS.items():
            rows.append({"check": name, **_result(check, house, _failed(rows))})
    show(rows, as_json)
    if wrong := _failed(rows):
        raise click.ClickException(f"to put right: {', '.join(wrong)}")


def _failed(rows: Sequence[Mapping[str, object]]) -> list[str]:
    return [str(row["check"]) for row in rows if not row["ok"]]


def _result(check: Callable[[House], str], house: House, failed: Sequence[str]) -> dict[str, object]:
    """Its line, whatever it raises. Never an exception's own text: a driver's may hold an address with its password."""
    try:
        return {"ok": True, "says": check(house)}
    except checks.Wrong as wrong:
        says = str(wrong)
    except SQLAlchemyError as error:
        says = f"unknown, {_refused(error, failed)}"
    except Exception as error:
        says = f"unknown, looking at it failed ({type(error).__name__})"
    return {"ok": False, "says": says}


def _refused(error: SQLAlchemyError, failed: Sequence[str]) -> str:
    if "database" in failed:
        return "the database does not answer"
    if "migrations" in failed:
        return "the database is not migrated: run `vestibule migrate`"
    return f"the database refused ({type(error).__name__}): look at its log"
