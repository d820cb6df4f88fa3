"""Who works with the dashboard, for owners: invited, changed, closed, helped back in."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.core.errors import PortalError
from portal.mail import outbox
from portal.staff import api_tokens, invitations, journal, people, scope, second_factor, sessions
from portal.staff.models import StaffUser
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.people import InviteForm, PersonForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts

REFUSALS = {
    "email_taken": _l("Somebody has this login already."),
    "own_role": _l("Your own role is changed by another owner."),
    "last_owner": _l("Somebody must stay the owner: make another one first."),
}
Answer = Response | tuple[str, int]


@bp.get("/people", endpoint="people")
@allow("owner", everywhere=True)
def people_page() -> str:
    """Everybody, and the form for one more."""
    form = InviteForm(formdata=None, role="marketer")
    with parts().database.reading() as db:
        return _list(db, form)


@bp.post("/people")
@allow("owner", everywhere=True)
def invite_person() -> Answer:
    """Write the login and queue the letter with its link, together."""
    form, now = InviteForm(), parts().clock()
    with parts().database.writing() as db:
        form.offer_venues(scope.venues(db, me()))
        if not form.validate():
            return _list(db, form), 422
        try:
            invitation = people.invite(
                db,
                me().organization_id,
                form.email.data,
                form.name.data,
                language=me().language,
                now=now,
                **form.values(me().venue_ids),
            )
        except PortalError as refusal:
            form.email.errors = [REFUSALS[refusal.code]]
            return _list(db, form), 422
        outbox.queue_link(db, db.get_one(StaffUser, invitation.staff_user_id), invitation, now)
        journal.write(db, me(), "person.invite", form.email.data, now)
    flash(_("The invitation is on its way."))
    return redirect(url_for("dashboard.people"), 303)


@bp.get("/people/<int:person_id>", endpoint="person")
@allow("owner", everywhere=True)
def person_page(person_id: int) -> str:
    """One colleague: role, venues, browsers, help with signing in."""
    with parts().database.reading() as db:
        user = _colleague(db, person_id)
        return _page(db, user, PersonForm(formdata=None, role=user.role, venues=user.venue_ids))


@bp.post("/people/<int:person_id>")
@allow("owner", everywhere=True)
def save_person(person_id: int) -> Answer:
    """Another role or other venues, from the next click on."""
    form = PersonForm()
    with parts().database.writing() as db:
        user = _colleague(db, person_id)
        form.offer_venues(scope.venues(db, me()))
        if not form.validate():
            return _page(db, user, form), 422
        try:
            people.change(db, me(), user, **form.values(me().venue_ids))
        except PortalError as refusal:
            form.role.errors = [REFUSALS[refusal.code]]
            return _page(db, user, form), 422
        journal.write(db, me(), "person.edit", f"{user.email}: {user.role}", parts().clock())
    flash(_("Saved."))
    return redirect(url_for("dashboard.person", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/link")
@allow("owner", everywhere=True)
def send_link(person_id: int) -> Response:
    """A new link by e-mail: the invitation again, or for a forgotten password. Earlier ones end."""
    now = parts().clock()
    with parts().database.writing() as db:
        user = _colleague(db, person_id)
        if not user.active:
            abort(404)
        kind = "invite" if people.is_invited(user) else "reset"
        outbox.queue_link(db, user, invitations.write(db, user, kind, now), now)
        journal.write(db, me(), "person.resend", user.email, now)
    flash(_("The letter is on its way."))
    return redirect(url_for("dashboard.person", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/close")
@allow("owner", everywhere=True)
def close_person(person_id: int) -> Response:
    """Close a login and sign every browser of it out."""
    now = parts().clock()
    with parts().database.writing() as db:
        user = _colleague(db, person_id)
        try:
            people.close(db, me(), user, now)
        except PortalError as refusal:
            flash(str(REFUSALS[refusal.code]))
            return redirect(url_for("dashboard.person", person_id=person_id), 303)
        journal.write(db, me(), "person.close", user.email, now)
        keys_work_on = api_tokens.outlive(db, user)
    flash(_("The login is closed; its lines in the journal stay."))
    if keys_work_on:
        flash(_("Keys to the API that this person made still work: revoke under API those that are not needed."))
    return redirect(url_for("dashboard.people"), 303)


@bp.post("/people/<int:person_id>/reopen")
@allow("owner", everywhere=True)
def reopen_person(person_id: int) -> Response:
    """Open a closed login again, by a link that sets a new password."""
    now = parts().clock()
    with parts().database.writing() as db:
        user = _colleague(db, person_id)
        if user.active:
            abort(404)
        outbox.queue_link(db, user, people.reopen(db, user, now), now)
        journal.write(db, me(), "person.reopen", user.email, now)
    flash(_("The login is open again: a letter with a link for a new password is on its way."))
    return redirect(url_for("dashboard.person", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/second-factor")
@allow("owner", everywhere=True)
def reset_factor(person_id: int) -> Response:
    """Take the second factor off a colleague whose phone is lost, and sign their browsers out."""
    with parts().database.writing() as db:
        user = _colleague(db, person_id)
        if user.id == me().id:
            abort(404)  # one's own needs both factors
        second_factor.remove(db, user)
        sessions.revoke_all(db, user.id)
        journal.write(db, me(), "person.second_factor", user.email, parts().clock())
    flash(_("The second factor is off for this login, and its browsers are signed out."))
    return redirect(url_for("dashboard.person", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/sessions/<int:session_id>/revoke")
@allow("owner", everywhere=True)
def revoke_colleagues_session(person_id: int, session_id: int) -> Response:
    """Sign one browser of a colleague out."""
    with parts().database.writing() as db:
        user = _colleague(db, person_id)
        if not sessions.revoke(db, user.id, session_id):
            abort(404)
        journal.write(db, me(), "person.sign_out", user.email, parts().clock())
    flash(_("That browser is signed out."))
    return redirect(url_for("dashboard.person", person_id=person_id), 303)


def _colleague(db: Session, person_id: int) -> StaffUser:
    user = people.one(db, me().organization_id, person_id)
    if user is None:
        abort(404)
    return user


def _list(db: Session, form: InviteForm) -> str:
    venues = scope.venues(db, me())
    form.offer_venues(venues)
    return render_template(
        "dashboard/people.html", form=form, everyone=people.everyone(db, me().organization_id),
        is_invited=people.is_invited, has_second=second_factor.is_on, names={venue.id: venue.name for venue in venues},
    )  # fmt: skip


def _page(db: Session, user: StaffUser, form: PersonForm) -> str:
    form.offer_venues(scope.venues(db, me()))
    return render_template(
        "dashboard/person.html", form=form, person=user, invited=people.is_invited(user), own=user.id == me().id,
        has_second=second_factor.is_on(user), rows=sessions.list_for(db, user.id, parts().clock()),
    )  # fmt: skip
