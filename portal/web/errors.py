"""Refusals and failures as pages that say what to do next. They need no database and never show a stack trace."""

import logging
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import lazy_gettext as _l
from flask_babel import refresh
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from portal.core.errors import PortalError, UpstreamError
from portal.core.i18n import choose_language
from portal.web.guest import look
from portal.web.problems import API, problem

RETRY_SECONDS = "5"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """What happened and what to do about it."""

    title: object
    text: object


PAGES = {
    400: Words(_l("The request did not arrive whole"), _l("Go back a page and try again, or scan the code anew.")),
    401: Words(_l("Sign in first"), _l("This page is open only to those who have signed in.")),
    403: Words(_l("This is not open to you"), _l("The form came from another site, or your rights end here. Open it anew.")),
    404: Words(_l("Nothing is at this address"), _l("Check the address or scan the printed code again. The staff can help too.")),
    405: Words(_l("This page is opened another way"), _l("Go back to the page before it and begin from there.")),
    413: Words(_l("Too much was sent"), _l("Shorten what you typed and try again.")),
    429: Words(_l("Too many tries"), _l("Wait a few minutes and try again, or ask the staff.")),
    500: Words(_l("Something broke on our side"), _l("We already have a record of it. Try again in a minute, or ask the staff.")),
    503: Words(_l("Back in a moment"), _l("The service is busy. Try again in a few seconds.")),
}  # fmt: skip
KEPT = Words(_l("Back in a moment"), _l("The service is busy. What you typed is kept: try again in a few seconds."))

# PortalError's code → status. A form catches what it can explain; a code that arrives here unlisted is our own mistake.
STATUSES = {"bad_token": 400, "expired_token": 410, "unknown_venue": 404, "arrival_too_long": 400, "bad_period": 400}
OUT_OF_DATE = {"bad_token", "expired_token"}


def register(app: Flask) -> None:
    """Install the error pages and the words of the guests' templates that they are built on."""
    look.register(app)
    app.register_error_handler(PortalError, _refused)
    app.register_error_handler(HTTPException, _http)
    for failure in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(failure, _database_away)
    app.register_error_handler(Exception, _broken)


def _refused(error: PortalError) -> Response:
    if isinstance(error, UpstreamError):
        return _page(503)
    if error.code in OUT_OF_DATE:
        _speak()
        return make_response(render_template("guest/expired.html"), STATUSES[error.code])
    if error.code not in STATUSES:
        return _broken(error)
    return _page(STATUSES[error.code])


def _http(error: HTTPException) -> Response:
    if error.response is not None:  # an answer of its own, such as a redirect
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    answer = _page(status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _database_away(error: Exception) -> Response:
    """The first line of the driver's own words is logged: its details, and the statement, may hold a phone."""
    said = str(error.orig).partition("\n")[0] if isinstance(error, DBAPIError) else type(error).__name__
    _log.warning("database away: %s", said)
    answer = _page(503)
    answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _broken(error: Exception) -> Response:
    """Where it broke goes to the log; the message does not, as it may quote what a guest typed."""
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(extract_tb(error.__traceback__)))
    _log.error("%s at %s", error.code if isinstance(error, PortalError) else type(error).__name__, where)
    return _page(500)


def _page(status: int) -> Response:
    if request.path.startswith(API):
        return problem(status)
    _speak()
    repeat = typed_fields() if status == 503 else []
    words = KEPT if repeat else PAGES.get(status) or PAGES[500 if status >= 500 else 400]
    again = request.path if status in (500, 503) and request.method == "GET" else None
    page = render_template("errors/error.html", title=words.title, text=words.text, repeat=repeat, again_url=again)
    return make_response(page, status)


def typed_fields() -> list[tuple[str, str]]:
    """The fields of a guest's form, to be sent again by one button; none of a form that is larger than we take."""
    if request.method != "POST" or request.blueprint != "guest":
        return []
    try:
        return list(request.form.items(multi=True))
    except RequestEntityTooLarge:
        return []


def _speak() -> None:
    """A page that failed before its language was chosen speaks the browser's."""
    if not hasattr(g, "language"):
        g.language = choose_language([request.args.get("lang"), *request.accept_languages.values()])
        refresh()
