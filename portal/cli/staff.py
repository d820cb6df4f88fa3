"""`vestibule staff`: who may see the dashboard."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli.house import open_house, show
from portal.core.clock import utcnow
from portal.staff import accounts, second_factor, sessions
from portal.staff.models import ROLES, StaffUser
from portal.venues.directory import venue_by_code
from portal.venues.models import Organization


@click.group
def staff() -> None:
    """Who may see the dashboard."""


@staff.command("create")
@click.argument("email")
@click.option("--name", required=True, help="As shown in the journal.")
@click.option(
    "--role", type=click.Choice(ROLES), required=True, help="An owner sees all, a marketer no settings, staff the tables."
)
@click.option("--organization", "organization_id", type=int, help="Its number; needed where there are several.")
@click.option("--venue", "venues", multiple=True, metavar="CODE", help="Only this venue; may be repeated. Default: all.")
def create(email: str, name: str, role: str, organization_id: int | None, venues: tuple[str, ...]) -> None:
    """Make a login and print its password, once."""
    house = open_house()
    if "@" not in email:
        raise click.ClickException("the login is an e-mail, such as anna@example.ru")
    with house.database.writing() as session:
        organization = _organization(session, organization_id)
        ids = [_venue_id(session, organization.id, code) for code in venues]
        user, password = accounts.create(session, organization.id, email, name, role, None, ids, utcnow())
        click.echo(
            f"login {user.email}\npassword {password}\nIt is shown only now. Sign in at {house.settings.base_url}/dashboard/"
        )


@staff.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(as_json: bool) -> None:
    """Every login."""
    with open_house().database.reading() as session:
        rows = [
            {
                "email": user.email, "name": user.name, "role": user.role, "organization": user.organization_id,
                "venues": ",".join(map(str, user.venue_ids)) or "all", "active": user.active, "created": user.created_at,
            }
            for user in accounts.everyone(session)
        ]  # fmt: skip
    show(rows, as_json)


@staff.command("deactivate")
@click.argument("email")
def deactivate(email: str) -> None:
    """Close a login and sign every browser of it out."""
    with open_house().database.writing() as session:
        accounts.deactivate(session, _user(session, email), utcnow())
    click.echo(f"{email} is closed; its journal stays")


@staff.command("reset")
@click.argument("email")
def reset(email: str) -> None:
    """Give a new password, printed once, and sign every browser out."""
    with open_house().database.writing() as session:
        password = accounts.reset_password(session, _user(session, email))
    click.echo(f"password {password}\nIt is shown only now.")


@staff.command("reset-totp")
@click.argument("email")
def reset_totp(email: str) -> None:
    """Take the second factor off a login whose phone is lost, and sign every browser out."""
    with open_house().database.writing() as session:
        user = _user(session, email)
        second_factor.remove(session, user)
        sessions.revoke_all(session, user.id)
    click.echo(f"{email} signs in by password alone; an owner is asked to set the second factor up again at once")


@staff.group("sessions")
def sessions_() -> None:
    """Signed-in browsers."""


@sessions_.command("revoke")
@click.argument("email")
def revoke(email: str) -> None:
    """Sign every browser of a login out."""
    with open_house().database.writing() as session:
        count = sessions.revoke_all(session, _user(session, email).id)
    click.echo(f"signed out: {count}")


def _user(session: Session, email: str) -> StaffUser:
    user = accounts.by_email(session, email)
    if user is None:
        raise click.ClickException(f"no login {email}; `vestibule staff list` shows them")
    return user


def _organization(session: Session, organization_id: int | None) -> Organization:
    found = list(session.scalars(select(Organization).order_by(Organization.id)))
    if organization_id is not None:
        found = [one for one in found if one.id == organization_id]
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.ClickException("no such organization: make one with its first venue, `vestibule venue create --help`")
    names = "\n".join(f"  {one.id}  {one.name}" for one in found)
    raise click.ClickException(f"say which with --organization:\n{names}")


def _venue_id(session: Session, organization_id: int, code: str) -> int:
    venue = venue_by_code(session, code)
    if venue is None or venue.organization_id != organization_id:
        raise click.ClickException(f"no venue {code} in this organization; `vestibule venue list` shows them")
    return venue.id
