"""What a guest waits for: from the committed form to the sender's call, from the right code to the internet."""

import os
import signal
import subprocess
import sys
import time

from sqlalchemy import func, select

from bench import load, servers
from bench.rounds import Side, codes_of, form_of
from bench.world import guests
from portal.sms.models import SmsMessage

GUESTS = 60


def measure(side: Side) -> dict[str, float]:
    """Milliseconds, 95th percentile, one guest at a time, with the worker running."""
    people = list(guests(side.places, GUESTS))
    worker = subprocess.Popen(
        [sys.executable, "-m", "portal", "worker"], env={**os.environ, **side.environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0,
    )  # fmt: skip
    try:
        with servers.running("portal.wsgi:app", side.environment, side.log):
            before = _newest(side)
            time.sleep(3)
            forms = [
                load.post("/signup", form_of(guest, guest.visit(side.settings, "wifi")), **guest.headers) for guest in people
            ]
            answers = [_slowly(form, 303) for form in forms]
            codes = codes_of(side, people)
            tries = [load.post(a.location, {"code": codes[g.phone]}, **g.headers) for a, g in zip(answers, people, strict=True)]
            grants = [_slowly(form, 303) for form in tries]
            time.sleep(2)
        return {"commit to sender": _p95(_waits(side, before)), "code to grant": _p95([1000 * g.seconds for g in grants])}
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait(15)


def _slowly(request: bytes, expected: int) -> load.Answer:
    time.sleep(0.05)
    return load.drive(servers.PORT, [request], expected, connections=1).answers[0]


def _newest(side: Side) -> int:
    with side.database.reading() as session:
        return session.scalar(select(func.max(SmsMessage.id))) or 0


def _waits(side: Side, before: int) -> list[float]:
    with side.database.reading() as session:
        rows = session.execute(select(SmsMessage.queued_at, SmsMessage.sending_at).where(SmsMessage.id > before)).all()
    waits = [(sending - queued).total_seconds() * 1000 for queued, sending in rows if sending]
    if len(waits) < GUESTS:
        raise RuntimeError(f"only {len(waits)} of {GUESTS} messages left")
    return waits


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]
