"""A remembered device comes back to the Wi-Fi: one page, one button, no number and no code. Nothing personal is on it."""

from typing import Any

from flask import g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.access import remembered
from portal.access.models import AccessGrant
from portal.acquisition import visits
from portal.acquisition.entry import FORM_FOR, Entry, open_entry, seal_entry
from portal.core.i18n import choose_language
from portal.core.mac import Mac
from portal.signup import opening
from portal.web.guest import bp
from portal.web.guest.arrival import gateway_origins, is_claimed, open_gateway
from portal.web.guest.client import client_of
from portal.web.guest.shelf import Front, shelf
from portal.web.parts import parts


def is_known(front: Front, values: dict[str, Any]) -> bool:
    """May the device of this arrival go online by one tap? Only where its MAC is not the browser's word. Writes nothing."""
    if not front.venue.live or not _believed(front, values):
        return False
    with parts().database.reading() as session:
        return remembered.is_welcome(session, front.venue.id, Mac(values["mac"]), parts().clock())


def page(front: Front, entry: Entry) -> AnyResponse:
    """The button, and the way to the form for who would rather use a number."""
    token = seal_entry(parts().settings.keys, entry, parts().clock())
    g.csp_form_actions = gateway_origins(front)
    return make_response(
        render_template(
            "guest/welcome.html",
            venue=front.venue,
            entry_token=token,
            action=url_for("guest.come_back"),
            form_url=url_for("guest.form_again", token=token),
        )
    )


@bp.post("/welcome")
def come_back() -> AnyResponse:
    """Let the device in. One that is remembered no longer is asked for a number, as anybody."""
    token = request.form.get("visit", "")
    entry = open_entry(parts().settings.keys, token, parts().clock(), FORM_FOR)
    front = shelf().by_venue_id(parts(), entry.venue_id)
    assert front is not None
    g.language = g.asked_language or choose_language([entry.language])
    grant = None
    if front.venue.live and _believed(front, entry.arrival):
        with parts().database.writing() as session:
            grant = _readmit(session, entry)
    if grant is None:
        return redirect(url_for("guest.form_again", token=token), 303)
    return open_gateway(front, grant, entry.arrival, by_mac=is_claimed(entry.arrival))


def _believed(front: Front, values: dict[str, Any]) -> bool:
    """The gateway vouched for the MAC. Where it is the browser's word, the page would tell anybody whom the venue knows, and
    the button would write a line into the register of somebody who is not there; such a router asks RADIUS by the MAC itself.
    """
    known = any(config.id == values.get("gateway_id") for config in front.gateways)
    return known and bool(values.get("mac") and values.get("vouched"))


def _readmit(session: Session, entry: Entry) -> AccessGrant | None:
    now, arrival = parts().clock(), entry.arrival
    made: list[str] = []

    def record() -> str:
        made.append(visits.record_apart(session, entry, client_of(arrival), "remembered").public_id)
        return made[0]

    grant = remembered.readmit(
        session, entry.venue_id, Mac(arrival["mac"]), visit_id=record, ip=arrival.get("ip"),
        gateway_id=arrival["gateway_id"], now=now,
    )  # fmt: skip
    if grant is not None and made:
        opening.order_opening(session, grant, arrival, now)
    elif grant is not None:
        opening.reopen(session, grant, arrival, now)
    return grant
