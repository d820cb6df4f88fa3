"""The other side of the ratio: the least that Flask can do, under the gunicorn settings of the product.

GET /page renders a 10 KB page with Jinja. POST /insert commits one row of the form that was sent, with the product's
durability: SQLite in WAL mode with synchronous FULL, or PostgreSQL with its defaults. BASELINE_DATABASE says where.
"""

import os
import sqlite3
import threading

import psycopg
from flask import Flask, request
from werkzeug.wrappers import Response

from portal.core.config import load_settings
from portal.core.logging import configure

configure(load_settings().log_level)
app = Flask(__name__)
_own = threading.local()
_page = app.jinja_env.from_string(
    """<!doctype html><html lang="ru"><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1><ul>
{% for number in numbers %}<li>Free Wi-Fi for guests: fast, safe and simple, row {{ number }} of the page.</li>
{% endfor %}</ul></body></html>"""
)


@app.get("/healthz")
def healthz() -> str:
    """For whoever waits for the start."""
    return "ok"


@app.get("/page")
def page() -> str:
    """A page, no look-up."""
    return _page.render(title="Hello", numbers=range(100, 234))


@app.post("/insert")
def insert() -> Response:
    """One row, committed before the answer."""
    row = (request.form["phone"], request.form["mac"])
    connection = _connection()
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO guest (phone, mac) VALUES (?, ?)", row)
        connection.execute("COMMIT")
    else:
        with connection.transaction():
            connection.execute("INSERT INTO guest (phone, mac) VALUES (%s, %s)", row)
    return Response(status=204)


def _connection() -> sqlite3.Connection | psycopg.Connection:
    """One for each thread, opened once."""
    if not hasattr(_own, "connection"):
        _own.connection = _connect(os.environ["BASELINE_DATABASE"])
    connection: sqlite3.Connection | psycopg.Connection = _own.connection
    return connection


def _connect(where: str) -> sqlite3.Connection | psycopg.Connection:
    if where.startswith("host="):
        return psycopg.connect(where)
    connection = sqlite3.connect(where, isolation_level=None, timeout=30)
    connection.execute("PRAGMA synchronous=FULL")
    return connection
