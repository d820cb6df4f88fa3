"""Flask without what the guests' pages do not need: it would be paid for on each of their requests."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

SIGNED_IN = "/dashboard"  # the only pages with a session; guests are known by the tokens of their links


class DashboardSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, read and written for the dashboard alone."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """None becomes an empty session that refuses to be written to."""
        return super().open_session(app, request) if request.path.startswith(SIGNED_IN) else None


class LeanFlask(Flask):
    """Every view and hook of the portal is a plain function: nobody has to be asked whether it is a coroutine."""

    session_interface = DashboardSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is."""
        return func
