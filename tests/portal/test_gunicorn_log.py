"""What gunicorn's access log says of a request."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from portal.gunicorn_log import JsonLogger


def test_a_request_is_one_line_and_questions_of_readiness_are_none(capfd: pytest.CaptureFixture[str]) -> None:
    settings = Config()
    settings.set("accesslog", "-")
    log = JsonLogger(settings)
    for path in ("/readyz", "/s/abc?x=1"):
        request = SimpleNamespace(method="GET")
        environ = {"PATH_INFO": path.partition("?")[0]}
        log.access(SimpleNamespace(status_code=200, sent=5), request, environ, timedelta(milliseconds=2))
    (line,) = capfd.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["method"], said["status"], said["bytes"], said["ms"]) == ("GET", 200, 5, 2.0)
    assert said["path"].startswith("/s/")
