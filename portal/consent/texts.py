"""Our texts of every document, per language and ground of identification, and the facts of a venue put into them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

from babel.units import format_unit

from portal.core.config import Settings
from portal.venues.models import LegalEntity, Venue

FOLDER = Path(__file__).resolve().parent / "texts"
PLACEHOLDERS = (
    "operator_name", "inn", "ogrn", "operator_address", "contact_email", "rkn_notification", "processors", "venue_name",
    "venue_address", "identification_ground", "retention_months", "register_days", "trace_days", "unproven_hours",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


@cache
def template(kind: str, language: str) -> str:
    """The text of a kind of document with its placeholders. The first line is its title."""
    return (FOLDER / language / f"{kind}.txt").read_text(encoding="utf-8").strip()


def values_for(venue: Venue, entity: LegalEntity, settings: Settings, language: str) -> dict[str, str]:
    """What stands for each placeholder; an empty value stays a visible gap that blocks publication."""
    return identity(venue, entity) | {
        "identification_ground": template(f"grounds/{venue.identification_ground}", language),
        "retention_months": format_unit(settings.retention_guest_months, "month", locale=language),
        "register_days": _span(settings.retention_register, language),
        "trace_days": _span(settings.retention_visit_trace, language),
        "unproven_hours": format_unit(settings.retention_unproven // timedelta(hours=1), "hour", locale=language),
    }


def identity(venue: Venue, entity: LegalEntity) -> dict[str, str]:
    """Who the operator is, who works for it, and where: the values that an owner has to fill in."""
    processors = [line.strip().rstrip(";.") for line in entity.processors.splitlines() if line.strip()]
    written = {
        "operator_name": entity.name,
        "inn": entity.inn,
        "ogrn": entity.ogrn,
        "operator_address": entity.address,
        "contact_email": entity.contact_email,
        "rkn_notification": entity.rkn_notification,
        "processors": ";\n• ".join(processors),
        "venue_name": venue.name,
        "venue_address": venue.address,
    }
    return {name: value.strip() for name, value in written.items()}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in, once: a value that looks like a placeholder stays text. Empty values leave the placeholder."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], text)


def left_empty(text: str) -> list[str]:
    """Placeholders that nobody filled, in the order of the text."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def _span(length: timedelta, language: str) -> str:
    return format_unit(length.days, "day", locale=language)
