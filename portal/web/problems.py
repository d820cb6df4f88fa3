"""Refusals and failures for programs: RFC 9457 problem details."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Response

TYPE = "application/problem+json"
API = "/api/"  # below it every answer is JSON
WORDS = {
    400: "The request did not arrive whole.",
    401: "Send a token of this house: Authorization: Bearer …",
    404: "Nothing is at this address, or it is out of the token's scope.",
    405: "This API only answers GET.",
    422: "Some parameters cannot be taken.",
    429: "Too many questions. Ask again later.",
    503: "Busy. Try again in a few seconds.",
}


def problem(status: int, errors: Mapping[str, str] | None = None) -> Response:
    """An answer with `type`, `title`, `status`, `detail` and, of a refused question, `errors` by parameter."""
    said = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": WORDS.get(status, "This did not work."),
        "errors": dict(errors or {}),
    }
    answer = Response(json.dumps(said, ensure_ascii=False), status, content_type=TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="vestibule"'
    return answer
