"""A venue's Wi-Fi policy: how long and how fast."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.access import policy_change
from portal.staff import journal
from portal.venues.directory import policy_of
from portal.venues.settings import edit_policy
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.limits import WifiForm, stored_policy
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/venues/<code>/wifi", endpoint="wifi")
@allow("owner")
def wifi_form(code: str) -> str:
    """The policy in force."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        policy = policy_of(db, venue.id)
    return render_template("dashboard/wifi.html", form=WifiForm(data=stored_policy(policy)), venue=venue, policy=policy)


@bp.post("/venues/<code>/wifi")
@allow("owner")
def save_wifi(code: str) -> Response | tuple[str, int]:
    """A new version of the policy, also for who is online."""
    form, now = WifiForm(), parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        policy = policy_of(db, venue.id)
        if not form.validate():
            return render_template("dashboard/wifi.html", form=form, venue=venue, policy=policy), 422
        edit_policy(db, policy, now, **form.values())
        policy_change.spread(db, policy, now)
        journal.write(db, me(), "wifi.edit", venue.code, now)
    flash(_("Saved. Guests who are online get the new speeds, and no more than the new time."))
    return redirect(url_for("dashboard.wifi", code=code), 303)
