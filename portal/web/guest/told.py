"""What a gateway's redirect tells of a login that was tried: it worked, it failed, or the device has left."""

from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.access import grants
from portal.access.models import AccessGrant
from portal.core.mac import Mac
from portal.signup.staff_view import check_number
from portal.web.guest.arrival import connected_path, is_claimed, open_gateway
from portal.web.guest.shelf import Front
from portal.web.parts import parts

TRIES = 2  # trips after which a refused login is still tried once more by itself
CIRCLE = 5  # trips after which a gateway that keeps sending the guest back is not believed to let them in


def answer_to(front: Front, values: dict[str, Any]) -> AnyResponse | None:
    """The answer; None for a device that goes on as any that has just joined, with `values` freed of what was told."""
    state, refusal = values.pop("state", "blocked"), values.pop("refusal", "")
    again, back, trips = values.pop("again", ""), values.get("back", ""), values.pop("trips", 0)
    if state == "blocked" and trips < CIRCLE:
        return None
    grant = _live(front, values)
    if state == "online":
        return _online(front, grant, back)
    if grant is None:
        return None
    if state == "refused" and trips <= TRIES:
        return open_gateway(front, grant, values, by_mac=is_claimed(values))
    return _left(front, again) if state == "left" else _refused(front, refusal, again, check_number(grant.visit_id))


def online_already(front: Front) -> AnyResponse:
    """openNDS sends a device that is in to us when it asks to be let in again, and does not say which device."""
    return _online(front, None, "")


def _live(front: Front, values: dict[str, Any]) -> AccessGrant | None:
    with parts().database.reading() as session:
        return grants.live_for(session, front.venue.id, Mac(values["mac"]), parts().clock())


def _online(front: Front, grant: AccessGrant | None, back: str) -> AnyResponse:
    """To the link that this guest was given before the login; without it the MAC alone leads to a page to look at."""
    ours = parts().settings.base_url + url_for("guest.connected", token="-").removesuffix("-")  # noqa: S106
    if back.startswith(ours):
        return redirect(back, 303)
    if grant is not None:
        return redirect(connected_path(grant.visit_id, by_mac=True), 303)
    return _page(front, _("You are online"), _("This window can be closed."), "", "")


def _left(front: Front, again: str) -> AnyResponse:
    text = _("This device was disconnected from the internet. Your time here is not over yet.")
    return _page(front, _("The internet is off"), text, again, _("Go online again"))


def _refused(front: Front, refusal: str, again: str, number: str) -> AnyResponse:
    if refusal == "timeout":
        text = _(
            "The Wi-Fi's access server does not answer. Wait a minute and try again; if it does not help, "
            "show the number below to the staff."
        )
    else:
        text = _(
            "The Wi-Fi did not let this device in. Wait a minute and try again; if it does not help, "
            "show the number below to the staff."
        )
    return _page(front, _("No internet yet"), text, again, _("Try again"), number)


def _page(front: Front, title: str, text: str, url: str, label: str, number: str = "") -> AnyResponse:
    return make_response(
        render_template(
            "guest/message.html",
            venue=front.venue,
            title=title,
            text=text,
            number=number,
            next_url=url or None,
            next_label=label,
        )
    )
