"""The other side of the RADIUS ratios: the least that Flask can answer to rlm_rest, under the product's gunicorn settings.

Accounting too, though the product's needs no web server: what a call a packet would cost that stores nothing.
"""

from typing import Any

from flask import Flask, Response, request

from bench.radius_load import PASSWORD
from portal.core.config import load_settings
from portal.core.logging import configure

configure(load_settings().log_level)
app = Flask(__name__)


@app.post("/authorize/<nas>")
def authorize(nas: str) -> dict[str, Any]:
    """Always the same accept."""
    request.get_json()
    return {
        "control:Cleartext-Password": {"op": ":=", "do_xlat": False, "value": [PASSWORD]},
        "reply:Session-Timeout": {"op": ":=", "do_xlat": False, "value": [3600]},
    }


@app.post("/accounting/<nas>")
def accounting(nas: str) -> Response:
    """Taken, and forgotten."""
    request.get_json()
    return Response(status=204)


@app.get("/healthz")
def healthz() -> str:
    """For whoever waits for the start."""
    return "ok"
