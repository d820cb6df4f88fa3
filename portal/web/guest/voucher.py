"""The second route: a voucher from the staff opens the internet, and nothing else."""

from flask import g, make_response, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.access import blocks, grants, vouchers
from portal.access.models import AccessGrant
from portal.access.vouchers import VoucherRefused
from portal.acquisition import visits
from portal.acquisition.entry import FORM_FOR, Entry, open_entry
from portal.core.i18n import choose_language
from portal.core.mac import Mac
from portal.signup import opening
from portal.venues import directory
from portal.web.guest import bp
from portal.web.guest.after import refused
from portal.web.guest.arrival import gateway_origins, open_gateway
from portal.web.guest.client import client_of
from portal.web.guest.landing import not_open
from portal.web.guest.shelf import Front, shelf
from portal.web.parts import parts


@bp.get("/voucher/<token>")
def voucher(token: str) -> AnyResponse:
    """Ask for the ten characters."""
    return _page(token, error=False)


@bp.post("/voucher")
def redeem() -> AnyResponse:
    """Spend a voucher on this device. A wrong one is counted and committed before it is answered."""
    token = request.form.get("visit", "")
    front, entry = _open(token)
    if not front.venue.live:
        return not_open(front.venue)
    with parts().database.writing() as session:
        # Where RADIUS asks nobody, this is the only place that a block is looked at.
        is_blocked = blocks.stands(session, front.venue.legal_entity_id, None, entry.arrival.get("mac"))
        grant = None if is_blocked else _spend(session, front, entry)
    if is_blocked:
        return refused(front)
    if grant is None:
        return _page(token, error=True)
    return open_gateway(front, grant, entry.arrival)


def _spend(session: Session, front: Front, entry: Entry) -> AccessGrant | None:
    now, settings, client = parts().clock(), parts().settings, client_of(entry.arrival)
    venue = directory.venue_by_id(session, front.venue.id)
    mac = Mac(entry.arrival["mac"]) if entry.arrival.get("mac") else None
    typed = request.form.get("voucher", "")[:60]
    spent = vouchers.redeem(session, settings.keys, settings, venue, typed, mac, client.device_hash, now)
    if isinstance(spent, VoucherRefused):
        return None
    visit = visits.record_apart(session, entry, client, "voucher")
    grant = grants.issue(
        session, venue=venue, policy=directory.policy_of(session, venue.id), visit_id=visit.public_id, mac=mac,
        gateway_id=entry.arrival.get("gateway_id"), voucher_id=spent.id, now=now,
    )  # fmt: skip
    opening.order_opening(session, grant, entry.arrival, now)
    return grant


def _open(token: str) -> tuple[Front, Entry]:
    entry = open_entry(parts().settings.keys, token, parts().clock(), FORM_FOR)
    front = shelf().by_venue_id(parts(), entry.venue_id)
    assert front is not None
    g.language = g.asked_language or choose_language([entry.language])
    return front, entry


def _page(token: str, *, error: bool) -> AnyResponse:
    front, _entry = _open(token)
    g.csp_form_actions = gateway_origins(front)
    page = render_template(
        "guest/voucher.html",
        venue=front.venue,
        entry_token=token,
        error=error,
        action=url_for("guest.redeem"),
        back_url=url_for("guest.form_again", token=token),
    )
    return make_response(page, 422 if error else 200)
