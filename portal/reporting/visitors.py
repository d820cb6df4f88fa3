"""Who a visit is of, and which source it is owed to, as SQL. `visit` holds the columns of the visits, by name."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, or_

from portal.guests.models import Guest
from portal.reporting.models import OTHER

# Fetchers that show a link's preview in a chat or a feed; every other machine is a bot.
PREVIEWS = (
    "telegram", "whatsapp", "vkshare", "facebookexternalhit", "facebookcatalog", "twitterbot", "slack", "discordbot", "skype",
    "viber", "linkedinbot", "odklbot", "pinterest", "iframely", "embedly", "redditbot", "link preview", "linkpreview",
)  # fmt: skip


def visitor_class(visit: Any) -> ColumnElement[str]:
    """Of CLASSES. Whether a device came before is known at entry, so a class never follows from what became of the visit."""
    is_preview = or_(*(func.lower(visit.bot_reason).like(f"{name}%") for name in PREVIEWS))
    return case(
        (visit.visitor_class == "guest", case((visit.came_before.is_(True), "returning"), else_="new")),
        (visit.visitor_class == "bot", case((is_preview, "preview"), else_="bot")),
        else_=visit.visitor_class,
    )


def owed_to(visit: Any, attribution: str) -> ColumnElement[int]:
    """The id of the source, OTHER for none. A guest's first source wins for attribution `first`."""
    own = func.coalesce(visit.source_id, OTHER)
    if attribution == "visit":
        return own
    return case((visit.guest_id.is_not(None), func.coalesce(Guest.first_source_id, OTHER)), else_=own)


def with_guests(visits: Any, visit: Any, attribution: str) -> Any:
    """Visits (to select from) with their guests, where the attribution asks for them."""
    return visits if attribution == "visit" else visits.outerjoin(Guest, Guest.id == visit.guest_id)
