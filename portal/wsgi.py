"""The portal for gunicorn: `portal.wsgi:app`, with the real database and the real queue."""

from functools import partial

from portal.app import create_app
from portal.core.config import load_settings
from portal.core.db import Database
from portal.core.logging import configure
from portal.jobs.handoff import Handoff
from portal.jobs.queue import enqueue_deliveries, make_queue, queue_answers

_settings = load_settings()
configure(_settings.log_level)
_queue = make_queue(_settings)
app = create_app(
    _settings,
    Database(_settings.url_of_database, pool_size=_settings.web_threads + 2),
    deliver=Handoff(partial(enqueue_deliveries, _queue)),
    queue_answers=partial(queue_answers, _queue),
)
