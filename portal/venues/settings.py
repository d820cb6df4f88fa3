"""Changing a venue, its Wi-Fi policy and its SMS budget. What guests already agreed to keeps its version."""

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.core.i18n import LANGUAGES
from portal.venues.models import FIELD_NAMES, IDENTIFICATION_GROUNDS, LegalEntity, Venue, WifiPolicy

FIELD_MODES = ("off", "optional", "required")
_EDITABLE = frozenset(
    "name city address timezone language accent offer_ru offer_en fields question_ru question_en regions "
    "identification_ground own_addresses vouchers".split()
)
_ENTITY = frozenset("name inn ogrn address contact_email rkn_notification processors".split())
_POLICY = frozenset("session_seconds idle_seconds down_kbps up_kbps devices_per_guest".split())
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


def edit_entity(session: Session, entity: LegalEntity, **fields: str) -> None:
    """Change the facts of the operator that documents are filled with. Raises TypeError for any other field."""
    _apply(entity, fields, _ENTITY)
    session.flush()


def edit_policy(session: Session, policy: WifiPolicy, now: datetime, **fields: int) -> None:
    """Change times (seconds), speeds (kbit/s) and devices. A new version, so that the register names the one in force."""
    if min(fields.values(), default=1) < 1:
        raise PortalError("bad_policy")
    _apply(policy, fields, _POLICY)
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


def _right_fields(value: Mapping[str, str]) -> bool:
    return set(value) <= set(FIELD_NAMES) and set(value.values()) <= set(FIELD_MODES)


_CHECKS: dict[str, Any] = {
    "name": lambda value: 0 < len(value) <= 120,
    "timezone": lambda value: value in available_timezones(),
    "language": lambda value: value in LANGUAGES,
    "accent": lambda value: re.fullmatch(r"#[0-9a-fA-F]{6}", value) is not None,
    "fields": _right_fields,
    "regions": lambda value: value and all(re.fullmatch(r"[A-Z]{2}", region) for region in value),
    "identification_ground": lambda value: value in IDENTIFICATION_GROUNDS,
}
