"""Every request gets an id for the logs until its visit is known, and is counted by endpoint and status."""

from time import perf_counter

from flask import Flask, Response, g, request

from portal.core import metrics
from portal.core.logging import follow
from portal.core.tokens import random_id


def watch(app: Flask) -> None:
    """Install on an app, before everything else, so that refused requests are counted too."""

    @app.before_request
    def begin() -> None:
        g.began = perf_counter()
        follow(random_id())  # a thread serves many requests: never inherit the previous one's

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        metrics.answered(endpoint, _known(request.method), response.status_code, perf_counter() - g.began)
        return response


def _known(method: str) -> str:
    return method if method in {"GET", "HEAD", "POST", "OPTIONS"} else "other"
