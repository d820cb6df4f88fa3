"""A venue's gateways: what to put into the router, whether it works, and its secrets for owners alone."""

from urllib.parse import urlsplit

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.access import orders
from portal.access.models import GatewayOrder
from portal.core.address import is_loopback
from portal.core.errors import PortalError
from portal.gateways.base import GatewaySettings, Paste
from portal.gateways.registry import gateway as kind_of
from portal.gateways.registry import kinds
from portal.staff import journal
from portal.venues import gateways as rows
from portal.venues import signs
from portal.venues.directory import gateways_of
from portal.venues.models import GatewayConfig, Venue
from portal.web.dashboard import gateway_words as words
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.gateway import GatewayForm, WithRadius, form_for, stored
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts

_AT_FIELD = {"bad_gateway_url": "base_url", "bad_nas_address": "nas_address", "nas_address_taken": "nas_address"}


@bp.get("/venues/<code>/gateways", endpoint="gateways")
@allow("owner")
def list_of_gateways(code: str) -> str:
    """Every gateway with its newest sign, and the kinds that can be added."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        shown = [(one, signs.seen(db, one.id)) for one in gateways_of(db, venue.id)]
    return render_template("dashboard/gateways.html", venue=venue, gateways=shown, offered=_offered(), words=words)


@bp.get("/venues/<code>/gateways/new/<gateway_kind>")
@allow("owner")
def new_gateway(code: str, gateway_kind: str) -> str:
    """An empty form with the kind's defaults."""
    form = _form(gateway_kind)
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    return _form_page(form, venue, gateway_kind)


@bp.post("/venues/<code>/gateways/new/<gateway_kind>")
@allow("owner")
def add_gateway(code: str, gateway_kind: str) -> Response | tuple[str, int]:
    """Make it, with secrets of its own, or say beside the field what is wrong."""
    form, now, added = _form(gateway_kind), parts().clock(), None
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        if form.validate():
            try:
                with db.begin_nested():
                    added = rows.add(db, venue, gateway_kind, form.base_url.data, form.options(), _uplink(db, form), now)
                journal.write(db, me(), "gateway.add", f"{venue.code} {gateway_kind}", now)
            except PortalError as error:
                _blame(form, error)
    if added is None:
        return _form_page(form, venue, gateway_kind), 422
    flash(_("Added. Now put it into the router."))
    return redirect(url_for("dashboard.gateway", code=code, gateway=added.key), 303)


@bp.get("/venues/<code>/gateways/<gateway>", endpoint="gateway")
@allow("owner")
def one_gateway(code: str, gateway: str) -> str:
    """The check list."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        return _page(db, venue, _own(db, venue, gateway))


@bp.post("/venues/<code>/gateways/<gateway>/paste")
@allow("owner")
def show_pastes(code: str, gateway: str) -> str:
    """The same page with everything to put into the router. It holds the secrets, so who looked is written down."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        one = _own(db, venue, gateway)
        try:
            pastes = rows.pastes(parts().settings, venue, one, rows.nas_of(db, one.id))
        except PortalError as error:  # settings that this portal cannot serve, such as openNDS's level 3 without https
            return _page(db, venue, one, refusal=words.problem(error.code))
        journal.write(db, me(), "gateway.secrets", f"{venue.code} {one.kind} {one.id}", now)
        return _page(db, venue, one, pastes)


@bp.get("/venues/<code>/gateways/<gateway>/edit")
@allow("owner")
def edit_gateway(code: str, gateway: str) -> str:
    """Its settings; a secret that the owner typed is not shown again."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        one = _own(db, venue, gateway)
        nas = rows.nas_of(db, one.id)
    given = stored(one.base_url, one.options)
    if nas is not None:
        given |= {"nas_address": nas.address, "behind_nat": nas.coa_address == ""}
    return _form_page(form_for(one.kind)(data=given), venue, one.kind, one)


@bp.post("/venues/<code>/gateways/<gateway>/edit")
@allow("owner")
def save_gateway(code: str, gateway: str) -> Response | tuple[str, int]:
    """Keep what was typed, or say beside the field what is wrong."""
    now, saved = parts().clock(), False
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        one = _own(db, venue, gateway)
        form = form_for(one.kind)()
        if form.validate():
            try:
                with db.begin_nested():
                    _keep(db, form, venue, one)
                journal.write(db, me(), "gateway.edit", f"{venue.code} {one.kind} {one.id}", now)
                saved = True
            except PortalError as error:
                _blame(form, error)
    if not saved:
        return _form_page(form, venue, one.kind, one), 422
    flash(_("Saved. If the address or an option changed, put it into the router as well."))
    return redirect(url_for("dashboard.gateway", code=code, gateway=gateway), 303)


@bp.post("/venues/<code>/gateways/<gateway>/rotate")
@allow("owner")
def rotate_gateway(code: str, gateway: str) -> Response:
    """New secrets: until the router has them, nobody comes online."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        one = _own(db, venue, gateway)
        rows.rotate(db, one)
        journal.write(db, me(), "gateway.rotate", f"{venue.code} {one.kind} {one.id}", now)
    flash(_("The secrets are new. Put them into the router: until then nobody comes online."))
    if kind_of(one.kind).uses_radius:
        flash(_("RADIUS needs the new secret as well: ask who runs the server to write its configuration again and restart it."))
    return redirect(url_for("dashboard.gateway", code=code, gateway=one.key), 303)


@bp.post("/venues/<code>/gateways/<gateway>/remove")
@allow("owner")
def remove_gateway(code: str, gateway: str) -> Response:
    """Delete one that nobody came online through."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        one = _own(db, venue, gateway)
        subject = f"{venue.code} {one.kind} {one.id}"
        try:
            rows.remove(db, one)
        except PortalError:
            flash(_("Guests came online through it and the register names it, so it stays. New secrets shut it."))
            return redirect(url_for("dashboard.gateway", code=code, gateway=gateway), 303)
        journal.write(db, me(), "gateway.remove", subject, now)
    flash(_("Deleted."))
    return redirect(url_for("dashboard.gateways", code=code), 303)


def _own(db: Session, venue: Venue, key: str) -> GatewayConfig:
    found = next((one for one in gateways_of(db, venue.id) if one.key == key), None)
    return found or abort(404)


def _offered() -> list[str]:
    """The pretend router is asked over plain http wherever its address points: for a demo alone."""
    return [kind for kind in kinds() if kind != "simulator" or parts().settings.demo]


def _form(kind: str) -> GatewayForm:
    if kind not in _offered():
        abort(404)
    return form_for(kind)()


def _uplink(db: Session, form: GatewayForm) -> rows.Uplink | None:
    if not isinstance(form, WithRadius):
        return None
    return rows.read_uplink(db, form.nas_address.data or "", form.behind_nat.data)


def _keep(db: Session, form: GatewayForm, venue: Venue, one: GatewayConfig) -> None:
    rows.change(db, one, venue.code, form.base_url.data, form.options())
    nas = rows.nas_of(db, one.id)
    if nas is None or not isinstance(form, WithRadius):
        return
    same = (form.nas_address.data or "").strip() == nas.address
    uplink = rows.Uplink(nas.address, nas.port, form.behind_nat.data) if same else _uplink(db, form)
    if uplink is not None:
        rows.move(db, nas, uplink)


def _blame(form: GatewayForm, error: PortalError) -> None:
    """Put a refusal beside the field that it is about, or over the form."""
    name = _AT_FIELD.get(error.code) or f"option_{error.details.get('name', '')}"
    said = words.problem(error.code)
    if name in form._fields:
        empty = error.code == "bad_option" and not form._fields[name].data
        form._fields[name].errors = [_("Fill this in.") if empty else said]
    else:
        form.form_errors.append(said)


def _form_page(form: GatewayForm, venue: Venue, kind: str, one: GatewayConfig | None = None) -> str:
    return render_template("dashboard/gateway_form.html", form=form, venue=venue, kind=kind, gateway=one, words=words)


def _page(db: Session, venue: Venue, one: GatewayConfig, pastes: tuple[Paste, ...] | None = None, refusal: str = "") -> str:
    kind, settings = kind_of(one.kind), parts().settings
    known = GatewaySettings(one.kind, one.base_url, one.secret, venue.code, one.options, one.script_key)
    nas = rows.nas_of(db, one.id)
    return render_template(
        "dashboard/gateway.html",
        venue=venue,
        gateway=one,
        nas=nas,
        urls=rows.portal_urls(settings, venue, one, nas),
        seen=signs.seen(db, one.id),
        check_list=words.check_list(kind.uses_radius),
        by_worker=kind.by_worker(known),
        bypass=one.options.get("allow_bypass") is True,
        proof_host=settings.proof_host,
        pastes=pastes,
        refusal=refusal,
        unreachable=one.kind != "simulator" and is_loopback(urlsplit(settings.base_url).hostname or ""),
        tasks=orders.latest(db, GatewayOrder.gateway_id == one.id),
        words=words,
    )
