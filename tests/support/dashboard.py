"""A browser at the dashboard: keeps its cookies, reads the token of the form that it sends."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.core.config import Settings
from portal.core.db import Database
from portal.staff import accounts
from tests.support.house import NOW

PASSWORD = "a-long-enough-word"


def dashboard_app(settings: Settings, database: Database, clock: Callable[[], datetime] = lambda: NOW) -> Flask:
    """The portal whose SMS go nowhere."""
    return create_app(settings, database, lambda message_id: None, clock)


def employ(database: Database, organization_id: int, role: str, email: str = "", venue_ids: tuple[int, ...] = ()) -> str:
    """Make a login; returns its e-mail."""
    email = email or f"{role}@teremok.example"
    with database.writing() as session:
        accounts.create(session, organization_id, email, role.title(), role, PASSWORD, venue_ids, NOW)
    return email


class Browser:
    """One person's browser."""

    def __init__(self, app: Flask, address: str = "203.0.113.5") -> None:
        self.client = app.test_client()
        self.environment = {"REMOTE_ADDR": address}

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, environ_base=self.environment)

    def post(self, path: str, form_at: str = "", **values: Any) -> TestResponse:
        """Send a form with the token that stands on the page `form_at` (the same path without one)."""
        return self.send(path, csrf_token=self.token(form_at or path), **values)

    def send(self, path: str, **values: Any) -> TestResponse:
        """Send exactly these values."""
        return self.client.post(path, data=values, environ_base=self.environment)

    def token(self, path: str) -> str:
        """The form token of a page."""
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Fill the sign-in form in."""
        return self.post("/dashboard/sign-in", email=email, password=password)
