"""Changing a venue, its Wi-Fi policy and its SMS budget. What guests already agreed to keeps its version."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.core.i18n import LANGUAGES
from portal.venues.models import FIELD_NAMES, IDENTIFICATION_GROUNDS, LegalEntity, Venue, WifiPolicy

FIELD_MODES = ("off", "optional", "required")
MOST_SECONDS = 7 * 24 * 3600
MOST_REMEMBERED_DAYS = 180  # the proof itself is kept no less
_EDITABLE = frozenset(
    "name city address timezone language accent offer_ru offer_en fields question_ru question_en regions "
    "identification_ground own_addresses vouchers family_dns adult_notice "
    "logo_png logo_svg utm_aliases".split()
)
_ENTITY = frozenset("name inn ogrn address contact_email rkn_notification processors card_prefix card_digits".split())
_POLICY: dict[str, Callable[[Any], bool]] = {  # what fits; MOST_SECONDS is a week
    "session_seconds": lambda value: 1 <= value <= MOST_SECONDS,
    "idle_seconds": lambda value: value >= 1,
    "down_kbps": lambda value: value >= 1,
    "up_kbps": lambda value: value >= 1,
    "devices_per_guest": lambda value: value >= 1,
    "closes_at": lambda value: value == "" or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is not None,
    "day_seconds": lambda value: value >= 0,
    "day_megabytes": lambda value: value >= 0,
    "interim_seconds": lambda value: 60 <= value <= 3600,
    "remember_days": lambda value: 0 <= value <= MOST_REMEMBERED_DAYS,
    "remember_everywhere": lambda value: isinstance(value, bool),
}
_BUDGETS = frozenset(
    "sms_per_minute_wifi sms_per_minute_qr sms_day_kopecks_wifi sms_day_kopecks_qr sms_stopped_wifi sms_stopped_qr".split()
)


def edit_venue(session: Session, venue: Venue, **fields: Any) -> None:
    """Change a venue's looks, questions and rules. Raises PortalError `bad_<field>`; TypeError for any other field."""
    for name, fits in _CHECKS.items():
        if name in fields and not fits(fields[name]):
            raise PortalError(f"bad_{name}")
    _apply(venue, fields, _EDITABLE)
    session.flush()


def edit_entity(session: Session, entity: LegalEntity, **fields: str | int) -> None:
    """Change the facts of the operator that documents are filled with. Raises TypeError for any other field."""
    _apply(entity, fields, _ENTITY)
    session.flush()


def edit_policy(session: Session, policy: WifiPolicy, now: datetime, **fields: int | str | bool) -> None:
    """Change times (seconds), speeds (kbit/s), devices, closing time, allowances of a day and how long devices are remembered.

    A new version, so that the register names the one in force. Raises PortalError `bad_policy`; TypeError for another field.
    """
    for name, value in fields.items():
        if name in _POLICY and not _POLICY[name](value):
            raise PortalError("bad_policy")
    _apply(policy, fields, frozenset(_POLICY))
    policy.version += 1
    policy.updated_at = now
    session.flush()


def edit_budgets(session: Session, venue: Venue, **fields: int) -> None:
    """Change how many SMS a minute and how much money a day each path may spend (kopecks)."""
    if min(fields.values(), default=0) < 0:
        raise PortalError("bad_budget")
    _apply(venue, fields, _BUDGETS)
    session.flush()


def read_addresses(typed: str) -> list[str]:
    """Public addresses or networks, a line or a comma each, in their canonical form. Raises ValueError."""
    return [str(ipaddress.ip_network(part, strict=False)) for part in re.split(r"[\s,;]+", typed.strip()) if part]


def _apply(row: object, fields: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for name, value in fields.items():
        if name not in allowed:
            raise TypeError(f"{name} is not edited here")
        setattr(row, name, value)


def read_resolvers(typed: str) -> list[str]:
    """Up to four addresses of DNS servers, a line or a comma each. Raises ValueError."""
    found = [str(ipaddress.ip_address(part)) for part in re.split(r"[\s,;]+", typed.strip()) if part]
    if len(found) > 4:
        raise ValueError("at most four")
    return found


def read_aliases(typed: str) -> dict[str, str]:
    """Other names of a utm_source, a line each: "table_tent_2 = table-tent". Raises ValueError."""
    found = {}
    for line in filter(None, (line.strip() for line in typed.splitlines())):
        name, sign, meant = (part.strip() for part in line.partition("="))
        if not (sign and name and meant) or "=" in meant:
            raise ValueError("not a pair")
        found[name] = meant
    return found


def _is_resolver(address: str) -> bool:
    try:
        return ipaddress.ip_address(address) is not None
    except ValueError:
        return False


def _right_fields(value: Mapping[str, str]) -> bool:
    return set(value) <= set(FIELD_NAMES) and set(value.values()) <= set(FIELD_MODES)


_CHECKS: dict[str, Any] = {
    "name": lambda value: 0 < len(value) <= 120,
    "timezone": lambda value: value in available_timezones(),
    "language": lambda value: value in LANGUAGES,
    "accent": lambda value: re.fullmatch(r"#[0-9a-fA-F]{6}", value) is not None,
    "fields": _right_fields,
    "regions": lambda value: value and all(re.fullmatch(r"[A-Z]{2}", region) for region in value),
    "family_dns": lambda value: len(value) <= 4 and all(_is_resolver(address) for address in value),
    "identification_ground": lambda value: value in IDENTIFICATION_GROUNDS,
}
