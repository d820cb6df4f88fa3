"""The way out that stands in every weekly letter and alert (RFC 8058): mail programs press it for the reader."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from portal.staff import preferences
from portal.web.callbacks import bp
from portal.web.parts import parts

MAX_BODY = 1024


@bp.post("/callbacks/mail/stop/<token>")
def stop_mail(token: str) -> tuple[str, int]:
    """One press: no question, no sign-in. The same answer for a token that is too old."""
    request.max_content_length = MAX_BODY
    with parts().database.writing() as session:
        preferences.stop(session, parts().settings.keys, token, parts().clock())
    return "", 200


@bp.get("/callbacks/mail/stop/<token>")
def ask_to_stop(token: str) -> Response:
    """Whoever opens the address by hand chooses their letters in the dashboard: scanners of mail open links too."""
    return redirect(url_for("dashboard.account"), 303)
