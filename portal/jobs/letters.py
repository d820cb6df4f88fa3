"""What letters about a login say: an invitation, and a new password."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.core.config import Settings
from portal.core.i18n import translations
from portal.mail.writing import Link, Paragraph, Written
from portal.staff import invitations
from portal.staff.models import StaffInvitation, StaffUser
from portal.venues.models import Organization


def invitation(session: Session, settings: Settings, user: StaffUser, facts: dict[str, Any], now: datetime) -> Written | None:
    """To a newcomer; None when the link was used, voided or is too old."""
    link = _link(session, settings, facts, now)
    if link is None:
        return None
    _ = translations(user.language).gettext
    organization = session.get_one(Organization, user.organization_id).name
    return Written(
        _("Invitation to the dashboard of %(organization)s") % {"organization": organization},
        (
            Paragraph(_("Hello, %(name)s.") % {"name": user.name}),
            Paragraph(_("You were given a login to the dashboard of %(organization)s.") % {"organization": organization}),
            Link(_("Set a password and begin"), link),
            Paragraph(_("The link works once, for 7 days. If you did not expect this letter, do nothing.")),
        ),
    )


def reset(session: Session, settings: Settings, user: StaffUser, facts: dict[str, Any], now: datetime) -> Written | None:
    """To who forgot the password; None when the link was used, voided or is too old."""
    link = _link(session, settings, facts, now)
    if link is None:
        return None
    _ = translations(user.language).gettext
    return Written(
        _("A new password for the dashboard"),
        (
            Paragraph(_("Hello, %(name)s.") % {"name": user.name}),
            Paragraph(_("Somebody, most likely you, asked for a new password.")),
            Link(_("Set a new password"), link),
            Paragraph(_("The link works once, for an hour. If it was not you, do nothing: your password stays as it is.")),
        ),
    )


def guessed(session: Session, settings: Settings, user: StaffUser, facts: dict[str, Any], now: datetime) -> Written | None:
    """To whom a login belongs that somebody tried too often."""
    _ = translations(user.language).gettext
    what = (
        _("The right password was typed, then several wrong codes: somebody knows your password. Change it now.")
        if facts["what"] == "code"
        else _("Several wrong passwords were typed within 15 minutes. Nobody got in by them.")
    )
    return Written(
        _("Somebody tried to sign in as you"),
        (
            Paragraph(_("Hello, %(name)s.") % {"name": user.name}),
            Paragraph(what),
            Paragraph(_("If it was you, all is well. If not, look at the browsers that are signed in.")),
            Link(_("Signed-in browsers"), f"{settings.base_url}/dashboard/sessions"),
        ),
    )


def _link(session: Session, settings: Settings, facts: dict[str, Any], now: datetime) -> str | None:
    row = session.get(StaffInvitation, facts["invitation"])
    if row is None or row.used_at is not None or row.expires_at <= now:
        return None
    return f"{settings.base_url}/dashboard/welcome/{invitations.token_of(settings.keys, row)}"
