"""The status page: online since, time left, disconnect, forget this device."""

from datetime import datetime, timedelta
from typing import Any

from flask import g, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.access import grants, sessions
from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.core.errors import PortalError
from portal.core.logging import follow
from portal.guests import members
from portal.web.guest import bp
from portal.web.guest.shelf import shelf
from portal.web.parts import parts

TOKEN_AGE = timedelta(hours=48)
SLOW_AFTER = timedelta(seconds=60)


@bp.get("/connected/<token>")
def connected(token: str) -> str:
    """Whoever holds this link is the device that was let in: nothing personal is on the page."""
    now = parts().clock()
    with parts().database.reading() as session:
        visit, grant = _open(session, token, now)
        since = sessions.online_since(session, grant) if grant else visit.online_at
    front = shelf().by_venue_id(parts(), visit.venue_id)
    assert front is not None
    state = _state(grant, visit, since, now)
    left = max(0, int((grant.expires_at - now).total_seconds())) if grant else 0
    return render_template(
        "guest/connected.html",
        venue=front.venue,
        state=state,
        online_since=since or visit.online_at,
        time_left_seconds=left,
        ends_at=grant.expires_at if grant else None,
        card_hint=visit.card_at is not None,
        me_url=url_for("guest.me", venue_code=front.venue.code),
        again_url=url_for("guest.linked", venue_code=front.venue.code),
        disconnect_url=url_for("guest.disconnect", token=token) if state in ("online", "opening", "no_internet") else None,
        forget_url=url_for("guest.forget", token=token) if visit.guest_id else None,
        check_number="".join(c for c in visit.public_id if c.isalnum())[:6].upper(),
        refresh_seconds=2 if state == "opening" else None,
    )


@bp.post("/connected/<token>/disconnect")
def disconnect(token: str) -> AnyResponse:
    """End the grant; the worker tells the gateway within seconds."""
    now = parts().clock()
    with parts().database.writing() as session:
        _visit, grant = _open(session, token, now)
        if grant is not None:
            grants.revoke(session, grant, "guest", now)
    return redirect(url_for("guest.connected", token=token), 303)


@bp.post("/connected/<token>/forget")
def forget(token: str) -> AnyResponse:
    """Forget the device that this visit came from; the guest and the card stay."""
    now = parts().clock()
    with parts().database.writing() as session:
        visit, _grant = _open(session, token, now)
        if visit.guest_id and visit.device_hash:
            members.forget_device(session, visit.guest_id, visit.device_hash)
    return redirect(url_for("guest.connected", token=token), 303)


def _open(session: Session, token: str, now: datetime) -> tuple[Visit, AccessGrant | None]:
    payload: dict[str, Any] = parts().settings.keys.unseal("connected", token, now, TOKEN_AGE)
    visit = session.scalar(select(Visit).where(Visit.public_id == payload["v"]))
    if visit is None:
        raise PortalError("expired_token")
    follow(visit.public_id)
    g.language = g.asked_language or visit.language
    return visit, grants.by_visit(session, visit.public_id)


def _state(grant: AccessGrant | None, visit: Visit, since: datetime | None, now: datetime) -> str:
    if grant is None:
        return "ended"
    if grant.revoked_at is not None:
        return "revoked"
    if grant.expires_at <= now:
        return "ended"
    if since or visit.online_at:
        return "online"
    return "opening" if now - grant.starts_at < SLOW_AFTER else "no_internet"
