"""A venue's colour, offer and logo, with the guest's page beside them as it would look."""

import base64

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from portal.core.errors import PortalError
from portal.staff import journal
from portal.venues import logo
from portal.venues.models import Venue
from portal.venues.settings import edit_venue
from portal.web import colour, preview
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.brand import BrandForm, LogoForm
from portal.web.dashboard.guards import allow, me, takes_upload
from portal.web.parts import parts

FORM_BYTES = logo.MAX_UPLOAD + 64 * 1024
REFUSALS = {
    "logo_too_large": _l("The file is larger than 4 MB: make the picture smaller."),
    "logo_too_many_pixels": _l("The picture has more than 16 million points: make it smaller, 1000 × 1000 is plenty."),
    "logo_not_a_picture": _l("This is no PNG, JPEG or WebP picture. An SVG may carry programs: save it as PNG."),
}
Answer = Response | tuple[str, int]


@bp.get("/venues/<code>/brand", endpoint="brand")
@allow("owner")
def brand_page(code: str) -> str:
    """The forms and the guest's page as it is."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    return _page(venue, BrandForm(formdata=None, obj=venue, page="qr"))


@bp.post("/venues/<code>/brand")
@allow("owner")
def save_brand(code: str) -> Answer:
    """Keep colour and offer; guests see them within seconds."""
    form, now = BrandForm(), parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        if not form.validate():
            return _page(venue, form), 422
        edit_venue(db, venue, **form.values())
        journal.write(db, me(), "brand.edit", venue.code, now)
    flash(_("Saved. Guests see it in a few seconds."))
    return redirect(url_for("dashboard.brand", code=code), 303)


@bp.post("/venues/<code>/brand/preview")
@allow("owner")
def preview_brand(code: str) -> str | Answer:
    """The page again with what was typed in the frame; nothing is saved."""
    form = BrandForm()
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    return _page(venue, form) if form.validate() else (_page(venue, form), 422)


@bp.post("/venues/<code>/brand/logo")
@takes_upload(FORM_BYTES)
@allow("owner")
def save_logo(code: str) -> Answer:
    """Draw the picture anew, outside the transaction, and keep only that."""
    form, now = LogoForm(), parts().clock()
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    file = request.files.get("logo")
    try:
        drawn = logo.remade(file.read(logo.MAX_UPLOAD + 1) if file else b"")
    except PortalError as refusal:
        form.logo.errors = [REFUSALS[refusal.code] if file and file.filename else _("Choose a picture first.")]
        return _page(venue, BrandForm(formdata=None, obj=venue, page="qr"), form), 422
    with parts().database.writing() as db:
        edit_venue(db, own_venue(db, code), logo_png=drawn, logo_svg="")
        journal.write(db, me(), "brand.logo", code, now)
    flash(_("The logo is saved. Guests see it in a few seconds."))
    return redirect(url_for("dashboard.brand", code=code), 303)


@bp.post("/venues/<code>/brand/logo/remove")
@allow("owner")
def remove_logo(code: str) -> Response:
    """Guests then see the name's first letter."""
    with parts().database.writing() as db:
        edit_venue(db, own_venue(db, code), logo_png=None, logo_svg="")
        journal.write(db, me(), "brand.logo", code, parts().clock())
    flash(_("The logo is removed."))
    return redirect(url_for("dashboard.brand", code=code), 303)


def _page(venue: Venue, form: BrandForm, picture: LogoForm | None = None) -> str:
    g.framing = True
    shown = form.accent.data if form.accent.data and not form.accent.errors else venue.accent
    light, dark = colour.palette(shown)
    return render_template(
        "dashboard/brand.html",
        form=form,
        picture=picture or LogoForm(formdata=None),
        venue=venue,
        frame=url_for("guest.preview_page", token=preview.seal(parts().settings.keys, _look(venue, form), parts().clock())),
        logo=base64.b64encode(venue.logo_png).decode() if venue.logo_png else "",
        is_kept=light.accent == shown.lower() == dark.accent,
        schemes=((light, colour.LIGHT_SHEET), (dark, colour.DARK_SHEET)),
    )


def _look(venue: Venue, form: BrandForm) -> preview.Look:
    """What was typed, as far as it can be shown."""
    typed = {name: venue_value for name, venue_value in form.values().items() if not form[name].errors}
    kept = {name: getattr(venue, name) for name in ("accent", "offer_ru", "offer_en")}
    page = "qr" if form.page.errors else form.page.data
    return preview.Look(venue.id, page, form.language.data or venue.language, **{**kept, **typed})
