"""`vestibule doctor`: what stands and what does not, a line each."""

from collections.abc import Callable

import click

from portal.cli import checks
from portal.cli.family_filter import family_filter
from portal.cli.house import House, open_house, progress, show
from portal.cli.last_step import last_step

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
    rows = []
    with progress("checking"):
        for name, check in _CHECKS.items():
            rows.append({"check": name, **_result(check, house)})
    show(rows, as_json)
    wrong = [str(row["check"]) for row in rows if not row["ok"]]
    if wrong:
        raise click.ClickException(f"to put right: {', '.join(wrong)}")


def _result(check: Callable[[House], str], house: House) -> dict[str, object]:
    try:
        return {"ok": True, "says": check(house)}
    except checks.Wrong as wrong:
        return {"ok": False, "says": str(wrong)}
