"""Hooks that know one user and take their time."""

import time
from typing import Any

from flask import Flask

app = Flask("slow_hooks")


@app.post("/authorize/<name>")
def authorize(name: str) -> dict[str, Any]:
    """An accept, much later."""
    time.sleep(0.8)
    return {"control:Cleartext-Password": {"op": ":=", "do_xlat": False, "value": ["pw"]}}
