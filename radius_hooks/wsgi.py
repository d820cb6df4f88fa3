"""The hooks for gunicorn: `radius_hooks.wsgi:app`, with the real database."""

from portal.core.config import load_settings
from portal.core.db import Database
from portal.core.logging import configure
from radius_hooks.app import create_app

_settings = load_settings()
configure(_settings.log_level)
app = create_app(_settings, Database(_settings.url_of_database, pool_size=_settings.web_threads + 2))
