"""What the hooks need of the house."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from portal.core.config import Settings
from portal.core.db import Database
from radius_hooks.signs import RadiusSigns


@dataclass(frozen=True)
class Parts:
    """Real parts in production, chosen ones in tests."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    radius_signs: RadiusSigns


def parts() -> Parts:
    """The parts of the running app."""
    found: Parts = current_app.extensions["vestibule"]
    return found
