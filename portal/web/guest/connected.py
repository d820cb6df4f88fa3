"""The status page: online since, time left, disconnect, forget this device."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.access import grants, remembered
from portal.access.captivity import passed_since
from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.core.errors import PortalError
from portal.core.logging import follow
from portal.guests import members
from portal.signup import opening
from portal.signup.messages import told_card_link
from portal.signup.staff_view import check_number
from portal.venues import directory
from portal.web.guest import bp
from portal.web.guest.proof import proof_url
from portal.web.guest.shelf import shelf
from portal.web.parts import parts

TOKEN_AGE = timedelta(hours=48)
FIRST_LOOK = timedelta(seconds=1)
SLOW_AFTER = timedelta(seconds=15)
GIVEN_UP_AFTER = timedelta(seconds=60)
LOOKS_AGAIN = 10  # "Try again": as many, two seconds apart
WAITING = ("opening", "slow")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the status page. `asked_at` is when the gateway was asked to open; `since` is set when it has."""

    visit: Visit
    grant: AccessGrant | None
    asked_at: datetime
    since: datetime | None = None
    by_mac: bool = False  # a claimed MAC led here: to look at, with nothing to press
    order: str = ""  # waiting, done or failed at a gateway that the worker opens, or that asks us itself


@bp.get("/connected/<token>")
def connected(token: str) -> str:
    """Whoever holds this link is the device that was let in: nothing personal is on the page."""
    now = parts().clock()
    with parts().database.reading() as session:
        look = _look(session, token, now)
        state = _state(look, now)
        card_hint = _card_hint(session, look, state)
    visit, grant, may_press = look.visit, look.grant, not look.by_mac
    front = shelf().by_venue_id(parts(), visit.venue_id)
    assert front is not None
    me_url = url_for("guest.me", venue_code=front.venue.code)
    picture = proof_url(visit.public_id, now) if state in (*WAITING, "no_internet") else ""
    g.csp_images = (parts().settings.proof_url,) if picture else ()
    return render_template(
        "guest/connected.html",
        venue=front.venue,
        state=state,
        online_since=look.since,
        time_left_seconds=max(0, int((grant.expires_at - now).total_seconds())) if grant else 0,
        ends_at=grant.expires_at if grant else None,
        card_hint=card_hint,
        me_url=me_url,
        me_address=address_to_type(me_url),
        again_url=url_for("guest.linked", venue_code=front.venue.code),
        disconnect_url=url_for("guest.disconnect", token=token) if may_press and state not in ("ended", "revoked") else None,
        forget_url=url_for("guest.forget", token=token) if may_press and (visit.guest_id or (grant and grant.mac)) else None,
        check_number=check_number(visit.public_id),
        proof_picture=picture,
        next_look=_next_look(look, state, now),
        try_again=url_for("guest.connected", token=token, again=1),
        open_url=url_for("guest.open_again", token=token) if look.order == "failed" and may_press else None,
    )


@bp.post("/connected/<token>/disconnect")
def disconnect(token: str) -> AnyResponse:
    """End the grant; the worker tells the gateway within seconds."""
    now = parts().clock()
    with parts().database.writing() as session:
        grant = _pressed(_look(session, token, now)).grant
        if grant is not None:
            grants.revoke(session, grant, "guest", now)
    return redirect(url_for("guest.connected", token=token), 303)


@bp.post("/connected/<token>/open")
def open_again(token: str) -> AnyResponse:
    """Order once more what the gateway did not do in time."""
    now = parts().clock()
    with parts().database.writing() as session:
        grant = _pressed(_look(session, token, now)).grant
        if grant is not None:
            opening.try_again(session, grant, now)
    return redirect(url_for("guest.connected", token=token), 303)


@bp.post("/connected/<token>/forget")
def forget(token: str) -> AnyResponse:
    """Forget the device that this visit came from; the guest and the card stay."""
    now = parts().clock()
    with parts().database.writing() as session:
        look = _pressed(_look(session, token, now))
        visit, grant = look.visit, look.grant
        if visit.guest_id and visit.device_hash:
            members.forget_device(session, visit.guest_id, visit.device_hash)
        if grant is not None and grant.mac:
            entity_id = directory.venue_by_id(session, visit.venue_id).legal_entity_id
            remembered.forget_devices(session, {grant.mac}, entity_id, "guest", now)
    return redirect(url_for("guest.connected", token=token), 303)


def _pressed(look: Look) -> Look:
    if look.by_mac:
        abort(403)
    return look


def _look(session: Session, token: str, now: datetime) -> Look:
    payload: dict[str, Any] = parts().settings.keys.unseal("connected", token, now, TOKEN_AGE)
    visit = session.scalar(select(Visit).where(Visit.public_id == payload["v"]))
    if visit is None:
        raise PortalError("expired_token")
    follow(visit.public_id)
    g.language = g.asked_language or visit.language
    grant = grants.by_visit(session, visit.public_id)
    by_mac = bool(payload.get("m"))
    if grant is None:
        return Look(visit, None, now, by_mac=by_mac)
    asked_at = datetime.fromtimestamp(payload["t"], UTC) if "t" in payload else grant.starts_at
    return Look(visit, grant, asked_at, passed_since(session, grant), by_mac, opening.state_of(session, grant, now))


def address_to_type(path: str) -> str:
    """A page of ours as a guest would type it in another browser."""
    return parts().settings.base_url.partition("://")[2] + path


def _card_hint(session: Session, look: Look, state: str) -> str:
    """Where the card is opened later: by the link of the `sms`, or on the page of `me` where the SMS had no room for it."""
    if state != "online" or look.by_mac or look.visit.card_at is None:
        return ""
    return "sms" if told_card_link(session, parts().settings, look.visit) else "me"


def _state(look: Look, now: datetime) -> str:
    grant = look.grant
    if grant is None or grant.revoked_at is not None or grant.expires_at <= now:
        return "revoked" if grant is not None and grant.revoked_at is not None else "ended"
    if look.since is not None:
        return "online"
    if look.order == "failed":
        return "failed"
    if now - look.asked_at >= GIVEN_UP_AFTER and not _more_looks():
        return "no_internet"
    return "slow" if now - look.asked_at >= SLOW_AFTER else "opening"


def _more_looks() -> int:
    """How many looks "Try again" has left: it counts in the address, because a page without scripts remembers nothing."""
    asked = request.args.get("again", "")
    return max(0, LOOKS_AGAIN - int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 0


def _next_look(look: Look, state: str, now: datetime) -> tuple[int, str] | None:
    """Seconds until the page loads itself anew, and its address. A whole navigation is what makes a phone look again."""
    if state not in WAITING:
        return None
    seconds = 1 if now - look.asked_at < FIRST_LOOK else 2
    again = LOOKS_AGAIN - _more_looks() + 1 if _more_looks() else None
    return seconds, request.path + (f"?again={again}" if again else "")
