"""The last step to a gateway that takes nothing but a form: a page of ours with that form and one button.

A browser warns of a form that leaves an https page for an http gateway, so the page of an https portal stands on a plain
host of its own (PLAIN_URL): the portal's host told browsers to use https only.
"""

from datetime import timedelta
from typing import Any

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.gateways.base import FormPage, origin
from portal.web.guest import bp
from portal.web.guest.shelf import shelf
from portal.web.parts import parts

GO_FOR = timedelta(seconds=120)  # as long as the login in it holds


def go_address(form: FormPage, venue_id: int) -> str:
    """Where the guest's browser gets the form. The path holds a login: it is sealed, and never logged."""
    settings = parts().settings
    token = settings.keys.seal("go", {"a": form.action, "f": form.fields, "v": venue_id}, parts().clock())
    plain = form.action.startswith("http:") and settings.plain_url
    return (plain or settings.base_url) + url_for("guest.go", token=token)


@bp.get("/go/<token>")
def go(token: str) -> AnyResponse:
    """The form, sent by its button, or by a small script where scripts run. Plain http, if it goes to plain http."""
    form: dict[str, Any] = parts().settings.keys.unseal("go", token, parts().clock(), GO_FOR)
    plain = parts().settings.plain_url
    if plain and request.is_secure and form["a"].startswith("http:"):
        return redirect(plain + request.full_path.rstrip("?"), 303)
    front = shelf().by_venue_id(parts(), form["v"])
    g.csp_form_actions = (origin(form["a"]),)
    page = render_template(
        "guest/go.html", venue=front and front.venue, action=form["a"], fields=form["f"],
        by_itself=g.asked_language is None and not (request.is_secure and form["a"].startswith("http:")),
    )  # fmt: skip
    return make_response(page)
