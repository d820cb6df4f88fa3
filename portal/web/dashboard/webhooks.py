"""Webhooks: who outside is told of new members, what of it arrived, and a way to try one."""

from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.core.errors import PortalError
from portal.core.limits import Limit, LimitReached, take
from portal.core.tokens import random_id
from portal.reporting import alerts
from portal.signup.membership import envelope
from portal.staff import journal, scope
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.outside import WebhookForm
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.outside_words import outcome
from portal.web.parts import parts
from portal.webhooks import endpoints, outbox, posting, signing
from portal.webhooks.models import WebhookEndpoint

TRIES = 10  # of all endpoints of an organization in ten minutes


@bp.get("/webhooks", endpoint="webhooks")
@allow("owner", everywhere=True)
def list_webhooks() -> str:
    """Every address with what stands in its outbox, and a form for one more."""
    with parts().database.reading() as db:
        return _list(db, _form())


@bp.post("/webhooks")
@allow("owner", everywhere=True)
def add_webhook() -> Response | tuple[str, int]:
    """Add one; then its page, with the secret behind a button."""
    form, now = _form(), parts().clock()
    with parts().database.writing() as db:
        form.offer_venues(scope.venues(db, me()))
        if not form.validate():
            return _list(db, form), 422
        try:
            row = endpoints.add(
                db, me().organization_id, form.url.data, form.venue_ids(me().venue_ids), form.with_phone.data, now,
                demo=parts().settings.demo,
            )  # fmt: skip
        except PortalError:
            form.url.errors = [_("Ten addresses are enough: remove one first.")]
            return _list(db, form), 422
        journal.write(db, me(), "webhook.add", _host(row), now)
    flash(_("Added. Put the secret into the other program, then try it."))
    return redirect(url_for("dashboard.webhook", hook=row.public_id), 303)


@bp.get("/webhooks/<hook>", endpoint="webhook")
@allow("owner", everywhere=True)
def one_webhook(hook: str) -> str:
    """Its newest deliveries."""
    with parts().database.reading() as db:
        return _page(db, _own(db, hook))


@bp.post("/webhooks/<hook>/secret", endpoint="webhook_secret")
@allow("owner", everywhere=True)
def show_secret(hook: str) -> str:
    """The same page with the secret that signs; that it was looked at is written down."""
    now = parts().clock()
    with parts().database.writing() as db:
        row = _own(db, hook)
        journal.write(db, me(), "webhook.secret", _host(row), now)
        return _page(db, row, secret=row.secret)


@bp.post("/webhooks/<hook>/test")
@allow("owner", everywhere=True)
def try_webhook(hook: str) -> Response:
    """A message of the type `ping`, now, outside any transaction."""
    now = parts().clock()
    with parts().database.writing() as db:
        row = _own(db, hook)
        limit = Limit("webhook_test", f"webhook-test:{row.organization_id}", TRIES, timedelta(minutes=10))
        refused = isinstance(take(db, [limit], now), LimitReached)
        if not refused:
            journal.write(db, me(), "webhook.test", _host(row), now)
    flash(_("Tried often enough. Wait ten minutes.") if refused else _ping(row, now))
    return redirect(url_for("dashboard.webhook", hook=hook), 303)


@bp.post("/webhooks/<hook>/stop")
@allow("owner", everywhere=True)
def stop_webhook(hook: str) -> Response:
    """Send nothing until it goes on."""
    return _change(hook, "webhook.stop", _("Stopped. New members of the next seven days wait for it."))


@bp.post("/webhooks/<hook>/go-on")
@allow("owner", everywhere=True)
def let_webhook_go_on(hook: str) -> Response:
    """Send what waits."""
    return _change(hook, "webhook.go_on", _("It goes on. What waited leaves within seconds."))


@bp.post("/webhooks/<hook>/remove")
@allow("owner", everywhere=True)
def remove_webhook(hook: str) -> Response:
    """Forget it with its deliveries."""
    return _change(hook, "webhook.remove", _("Removed."))


def _change(hook: str, action: str, said: str) -> Response:
    now, stays = parts().clock(), action != "webhook.remove"
    with parts().database.writing() as db:
        row = _own(db, hook)
        if action == "webhook.stop":
            endpoints.stop(row, "owner", now)
        else:
            alerts.webhook_goes_on(db, row.organization_id, row.public_id, now)
            (endpoints.go_on(db, row, now) if stays else endpoints.remove(db, row))
        journal.write(db, me(), action, _host(row), now)
    flash(said)
    return redirect(url_for("dashboard.webhook", hook=hook) if stays else url_for("dashboard.webhooks"), 303)


def _ping(row: WebhookEndpoint, now: datetime) -> str:
    body, settings = envelope("ping", {}, now), parts().settings
    reply = posting.post(row.url, body, signing.headers(row.secret, random_id(), body, now), demo=settings.demo)
    if reply.taken:
        return _("It answered: %(status)s. The webhook works.", status=f"HTTP {reply.status}")
    return _("It did not take the message: %(why)s.", why=outcome(reply.status, reply.error))


def _own(db: Session, hook: str) -> WebhookEndpoint:
    row = endpoints.find(db, me().organization_id, hook)
    if row is None:
        abort(404)
    return row


def _form() -> WebhookForm:
    form = WebhookForm()
    form.demo = parts().settings.demo
    return form


def _host(row: WebhookEndpoint) -> str:
    """Enough to tell it by: a path may hold a key of the receiver's own."""
    return row.url.split("//", 1)[-1].split("/", 1)[0]


def _list(db: Session, form: WebhookForm) -> str:
    venues = scope.venues(db, me())
    form.offer_venues(venues)
    rows = endpoints.of_organization(db, me().organization_id)
    counts = endpoints.delivery_counts(db, [row.id for row in rows])
    return render_template("dashboard/webhooks.html", form=form, rows=rows, counts=counts, **_shown(db))


def _page(db: Session, row: WebhookEndpoint, secret: str = "") -> str:
    latest = outbox.latest(db, row.id)
    return render_template("dashboard/webhook.html", row=row, secret=secret, latest=latest, **_shown(db))


def _shown(db: Session) -> dict[str, Any]:
    venues = scope.venues(db, me())
    return {"names": {one.id: one.name for one in venues}, "zone": venues[0].timezone if venues else "UTC"}
