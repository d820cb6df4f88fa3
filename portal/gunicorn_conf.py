"""gunicorn's settings for the portal and for the hooks: `gunicorn -c python:portal.gunicorn_conf`. Its address comes beside."""

import gc
import os
from typing import Any

from gunicorn.http import message
from prometheus_client.multiprocess import mark_process_dead

from portal.core.config import load_settings
from portal.core.metrics import FOLDER_VARIABLE

_settings = load_settings()

worker_class = "portal.gunicorn_worker.PatientWorker"
workers = _settings.web_workers
threads = _settings.web_threads
worker_connections = 1000
timeout = 30
graceful_timeout = 8  # less than the supervisor's patience
keepalive = 15  # longer than FreeRADIUS and proxies keep an idle connection
control_socket_disable = True  # two gunicorns would fight for one file in the home folder
forwarded_allow_ips = ""  # X-Forwarded-* is read by ProxyFix alone, and only with TRUSTED_PROXIES
logger_class = "portal.gunicorn_log.JsonLogger"
accesslog = "-"

# Limits against hostile requests. A link with a 10 KB utm value must still land, and gunicorn stops at 8 KB by itself.
message.MAX_REQUEST_LINE = 32 * 1024
limit_request_line = 32 * 1024
limit_request_fields = 60
limit_request_field_size = 8190

gc.set_threshold(20_000, 20, 20)  # requests leave little behind: the default walks the same objects over and over

if FOLDER_VARIABLE not in os.environ:
    _folder = _settings.data_dir / "metrics"
    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[FOLDER_VARIABLE] = str(_folder.absolute())


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the live gauges of a process that ended."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
