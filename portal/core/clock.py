"""The time, asked for once at a door and passed down as `now`."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The current moment, timezone-aware UTC."""
    return datetime.now(UTC)
