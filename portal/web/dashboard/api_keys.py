"""The API: what it answers, and the keys to it."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.core.errors import PortalError
from portal.staff import api_tokens, journal, scope
from portal.web.contract.document import parameters
from portal.web.contract.operations import OPERATIONS, PREFIX, Operation
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.outside import TokenForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/api", endpoint="api")
@allow("owner", everywhere=True)
def api_page() -> str:
    """Keys, a form for one more, and the operations as the document has them."""
    with parts().database.reading() as db:
        return _page(db, TokenForm(formdata=None))


@bp.post("/api")
@allow("owner", everywhere=True)
def make_token() -> str | tuple[str, int]:
    """A new key, shown on this page and never again."""
    form, now = TokenForm(), parts().clock()
    with parts().database.writing() as db:
        form.offer_venues(scope.venues(db, me()))
        if not form.validate():
            return _page(db, form), 422
        try:
            row, token = api_tokens.create(db, me(), form.name.data, form.venue_ids(me().venue_ids), now)
        except PortalError:
            form.name.errors = [_("50 keys are enough: revoke one first.")]
            return _page(db, form), 422
        journal.write(db, me(), "api.token", f"{row.name} …{row.hint}", now)
        return _page(db, TokenForm(formdata=None), token)


@bp.post("/api/<token_id>/revoke")
@allow("owner", everywhere=True)
def revoke_token(token_id: str) -> Response:
    """End a key at once."""
    now = parts().clock()
    with parts().database.writing() as db:
        row = api_tokens.revoke(db, me().organization_id, token_id, now)
        if row is None:
            abort(404)
        journal.write(db, me(), "api.revoke", f"{row.name} …{row.hint}", now)
    flash(_("The key is revoked: whoever uses it gets no answer any more."))
    return redirect(url_for("dashboard.api"), 303)


def _page(db: Session, form: TokenForm, token: str = "") -> str:
    venues = scope.venues(db, me())
    form.offer_venues(venues)
    keys = api_tokens.of_organization(db, me().organization_id)
    names = {venue.id: venue.name for venue in venues}
    base = parts().settings.base_url + PREFIX
    return render_template(
        "dashboard/api.html", form=form, keys=keys, names=names, token=token, groups=_groups(), base=base,
        zone=venues[0].timezone if venues else "UTC", sample=venues[0].code if venues else "kafe",
    )  # fmt: skip


def _groups() -> list[tuple[list[Operation], list[dict[str, Any]]]]:
    """Operations that take the same parameters, with these."""
    kinds = dict.fromkeys((one.query, "{venue}" in one.path) for one in OPERATIONS)
    same = [[one for one in OPERATIONS if (one.query, "{venue}" in one.path) == kind] for kind in kinds]
    return [(group, parameters(group[0])) for group in same]
