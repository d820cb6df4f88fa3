"""The dashboard: what marketers, owners and staff see. Views and forms, no rules."""

from flask import Flask

from portal.web.dashboard import (
    account,
    api_keys,
    blocks,
    brand,
    compare,
    documents,
    downloads,
    forgot,
    funnels,
    gateways,
    guards,
    journal,
    live,
    lookup,
    members,
    money,
    notes,
    online,
    operator,
    outside_words,
    overview,
    people,
    report_words,
    second_factor,
    sessions,
    sheets,
    sign_in,
    sms,
    sms_account,
    source_costs,
    source_life,
    source_words,
    sources,
    times,
    venue,
    venue_sheets,
    vouchers,
    webhooks,
    wifi,
    words,
)
from portal.web.dashboard import (
    register as register_page,
)
from portal.web.dashboard.blueprint import bp

words.install(bp)
PAGES = (
    account,
    api_keys,
    blocks,
    brand,
    compare,
    documents,
    downloads,
    forgot,
    funnels,
    gateways,
    journal,
    live,
    lookup,
    members,
    money,
    notes,
    online,
    operator,
    outside_words,
    overview,
    people,
    register_page,
    report_words,
    second_factor,
    sessions,
    sheets,
    sign_in,
    sms,
    sms_account,
    source_costs,
    source_life,
    source_words,
    sources,
    times,
    venue,
    venue_sheets,
    vouchers,
    webhooks,
    wifi,
)  # each adds its routes when it is imported


def register(app: Flask) -> None:
    """Add the dashboard to the portal. CSRF tokens are asked for here only: guest forms carry their own."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SECRET_KEY=[*reversed(app.config["SECRET_KEY_FALLBACKS"]), app.config["SECRET_KEY"]],  # the newest signs
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch still sends
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, which our pages never send; security.py checks the Origin
    )
    guards.install(app)
    app.register_blueprint(bp, url_prefix="/dashboard")
