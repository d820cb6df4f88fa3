"""`vestibule venue`: organizations, legal entities, venues and their gateways."""

from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli.gateway import gateway
from portal.cli.house import open_house, show
from portal.consent.documents import draft_all, obstacles_to_live
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.venues import settings as changes
from portal.venues import setup
from portal.venues.directory import gateways_of, venue_by_code
from portal.venues.models import LegalEntity, Venue

_ENTITY = {"operator": "name", "inn": "inn", "ogrn": "ogrn", "operator_address": "address", "email": "contact_email"}


@click.group
def venue() -> None:
    """Organizations, legal entities, venues and their gateways."""


@venue.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(as_json: bool) -> None:
    """Every venue with its organization and legal entity."""
    with open_house().database.reading() as session:
        rows = [
            {
                "code": one.code, "name": one.name, "city": one.city, "timezone": one.timezone, "live": one.live,
                "organization": one.organization_id, "entity": one.legal_entity_id,
                "gateways": ",".join(gateway.kind for gateway in gateways_of(session, one.id)) or None,
            }
            for one in session.scalars(select(Venue).order_by(Venue.organization_id, Venue.code))
        ]  # fmt: skip
    show(rows, as_json)


@venue.command("create")
@click.argument("code")
@click.option("--name", required=True, help="As guests see it.")
@click.option("--timezone", required=True, help="Such as Europe/Moscow; its days are the report's days.")
@click.option("--city", default="", help="Where it is.")
@click.option("--address", default="", help="Street and house, for the documents.")
@click.option("--entity", "entity_id", type=int, help="A legal entity that is there (`venue list` numbers them).")
@click.option("--organization", help="Name of a new organization, with a new legal entity.")
@click.option("--operator", default="", help="Name of the new legal entity, such as “ООО «Теремок»”.")
@click.option("--inn", default="", help="Its INN.")
@click.option("--ogrn", default="", help="Its OGRN or OGRNIP.")
@click.option("--operator-address", default="", help="Its address.")
@click.option("--email", default="", help="Where guests write about their data.")
def create(code: str, entity_id: int | None, organization: str | None, **facts: str) -> None:
    """Make a venue with the drafts of its documents; it takes guests after `venue go-live`.

    CODE stands in its links: small Latin letters, digits and dashes.
    """
    house = open_house()
    with house.database.writing() as session:
        entity = _entity(session, entity_id, organization, facts)
        place = {"city": facts["city"], "address": facts["address"]}
        made = setup.create_venue(session, entity, code, facts["name"], facts["timezone"], utcnow(), **place)
        draft_all(session, made, entity, utcnow(), house.settings)
    click.echo(
        f"made {code}. Next: `vestibule staff create`, publish the documents in the dashboard, `vestibule venue go-live {code}`"
    )


@venue.command("edit")
@click.argument("code")
@click.option("--name", help="What guests read.")
@click.option("--city", help="Shown to staff.")
@click.option("--address", help="Stands in the documents.")
@click.option("--timezone", help="Such as Europe/Moscow.")
@click.option("--language", type=click.Choice(["ru", "en"]), help="For guests whose phone says none.")
@click.option("--accent", help="#rrggbb")
@click.option("--offer-ru", help="What the guest gets, one line.")
@click.option("--offer-en", help="The same in English.")
@click.option("--vouchers/--no-vouchers", default=None, help="May staff give internet without a phone?")
@click.option("--family-dns", help="Addresses of DNS servers that filter for children, separated by commas; empty for none.")
@click.option("--adult-notice/--no-adult-notice", default=None, help="Tell guests that children use the Wi-Fi with an adult?")
@click.option("--rkn-notification", help="Number in Roskomnadzor's register of operators (of the legal entity).")
@click.option("--processors", help="Hosting and SMS gate, name and address, separated by ';' (of the legal entity).")
def edit(
    code: str, rkn_notification: str | None, processors: str | None, family_dns: str | None, **fields: str | bool | None
) -> None:
    """Change what is named; the rest stays."""
    filters = {} if family_dns is None else {"family_dns": _resolvers(family_dns)}
    with open_house().database.writing() as session:
        found = _venue(session, code)
        given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        changes.edit_venue(session, found, **given, **filters)
        facts = {"rkn_notification": rkn_notification, "processors": processors and processors.replace(";", "\n")}
        changes.edit_entity(session, found.legal_entity, **{name: value for name, value in facts.items() if value is not None})
    click.echo("changed")


@venue.command("go-live")
@click.argument("code")
def go_live(code: str) -> None:
    """Open a venue to guests, or list what stands in the way."""
    house = open_house()
    with house.database.writing() as session:
        found = _venue(session, code)
        obstacles = obstacles_to_live(session, found, found.legal_entity)
        found.live = found.live or not obstacles
    if obstacles:
        lines = "\n".join(f"  {line}" for line in obstacles)
        raise click.ClickException(f"not yet: publish these documents and fill in these facts (dashboard, Settings):\n{lines}")
    click.echo(f"{code} is open: {_link(house.settings, code)}")


@venue.command("close")
@click.argument("code")
def close(code: str) -> None:
    """Stop taking phones at a venue."""
    with open_house().database.writing() as session:
        _venue(session, code).live = False
    click.echo(f"{code} is closed to guests")


venue.add_command(gateway)


def _venue(session: Session, code: str) -> Venue:
    found = venue_by_code(session, code)
    if found is None:
        raise click.ClickException(f"no venue {code}; `vestibule venue list` shows them")
    return found


def _resolvers(typed: str) -> list[str]:
    try:
        return changes.read_resolvers(typed)
    except ValueError:
        raise click.ClickException("write up to four addresses of DNS servers, such as 77.88.8.7,77.88.8.3") from None


def _entity(session: Session, entity_id: int | None, organization: str | None, facts: dict[str, str]) -> LegalEntity:
    if (entity_id is None) == (organization is None):
        raise click.ClickException("give either --entity (one that is there) or --organization (a new one)")
    if organization is None:
        found = session.get(LegalEntity, entity_id)
        if found is None:
            raise click.ClickException(f"no legal entity {entity_id}; `vestibule venue list` numbers them")
        return found
    tenant = setup.create_organization(session, organization, utcnow())
    return setup.create_legal_entity(session, tenant, utcnow(), **{column: facts[option] for option, column in _ENTITY.items()})


def _link(settings: Settings, code: str) -> str:
    return f"{settings.base_url}/v/{code}"
