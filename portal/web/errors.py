"""Refusals and failures as pages that say what to do next."""

from flask import Flask


def register(app: Flask) -> None:
    """Install the error pages."""
