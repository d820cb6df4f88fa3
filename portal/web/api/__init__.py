"""The read-only API for the customer's own programs: JSON, by a token, venues of its scope only."""

from flask import Flask

from portal.web.api import guards, views
from portal.web.api.blueprint import BOUND, bp
from portal.web.contract.operations import OPERATIONS, PREFIX

PAGES = (guards, views)  # each adds to the blueprint when it is imported
assert {operation.name for operation in OPERATIONS} == BOUND


def register(app: Flask) -> None:
    """Add it to the portal."""
    app.register_blueprint(bp, url_prefix=PREFIX)
