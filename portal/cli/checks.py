"""The doctor's checks. Each says in one line what it saw, or raises Wrong with what to do.

What a database refuses they let through: `doctor` has the words for it.
"""

import json
import stat
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from portal.cli.house import House
from portal.core import heartbeat, migrations
from portal.core.clock import utcnow
from portal.core.config import SAMPLES, Settings
from portal.jobs.queue import QUEUE_FILE, SCHEMA, make_queue, queue_answers
from portal.mail.senders.base import MailError
from portal.mail.senders.choice import chosen_mail_sender
from portal.sms.senders.base import SmsError
from portal.sms.senders.choice import chosen_sender
from portal.venues.models import Nas

_SECONDS = 5
_DRIFT = timedelta(seconds=5)  # codes and tokens live for minutes, RADIUS answers for less
_SECRET_LENGTH = 16
_FEW_SMS = 20


class Wrong(Exception):
    """What is wrong, and what to do."""


def database(house: House) -> str:
    """It answers, and how soon."""
    began = utcnow()
    try:
        with house.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise Wrong(f"does not answer ({type(error).__name__}): check VESTIBULE_DATABASE_URL") from error
    return f"{house.database.engine.dialect.name} answers in {(utcnow() - began) / timedelta(milliseconds=1):.0f} ms"


def schema(house: House) -> str:
    """The newest migration is applied."""
    if not migrations.is_current(house.database.engine):
        raise Wrong("behind the program: run `vestibule migrate`")
    return "newest"


def queue(house: House) -> str:
    """Its storage can be read."""
    where = f"may this user write to {house.settings.data_dir / QUEUE_FILE}?"
    if not house.database.is_sqlite:
        where = f"is the database up, and may its user have the schema {SCHEMA}?"
    try:
        made = make_queue(house.settings)
    except Exception as error:  # its storage raises the driver's own, whose text may hold the address it called
        raise Wrong(f"cannot be opened ({type(error).__name__}): {where}") from error
    if not queue_answers(made):
        raise Wrong(f"cannot be read: {where}")
    return "answers"


def worker(house: House) -> str:
    """It was alive a short while ago."""
    with house.database.reading() as session:
        beat = heartbeat.last_beat(session, "worker")
    if beat is None:
        raise Wrong("never started: run `vestibule serve`, or `vestibule worker` beside your own gunicorn")
    age = (utcnow() - beat).total_seconds()
    if age > heartbeat.MAX_AGE.total_seconds():
        raise Wrong(f"silent for {age:.0f} s: SMS are not going out; start it again and look at its log")
    return f"alive {age:.0f} s ago"


def sms_account(house: House) -> str:
    """Who carries SMS, and the money left."""
    sender = chosen_sender(house.settings)
    try:
        kopecks = sender.balance()
    except SmsError as error:
        raise Wrong(
            f"{sender.name} answers {error.code}: check VESTIBULE_SMSAERO_EMAIL and the key, then the gate's status"
        ) from error
    if kopecks is None:
        return f"{sender.name}: shown in the terminal, none is sent"
    if kopecks < _FEW_SMS * house.settings.sms_price_kopecks:
        raise Wrong(f"{sender.name} has {kopecks / 100:.2f} ₽ left, not enough for {_FEW_SMS} messages: top it up")
    return f"{sender.name}: {kopecks / 100:.2f} ₽ left"


def mail_account(house: House) -> str:
    """Who carries e-mail to the staff."""
    sender = chosen_mail_sender(house.settings)
    try:
        said = sender.check()
    except MailError as error:
        raise Wrong(f"{sender.name} answers {error.code}: check the VESTIBULE_SMTP_… settings") from error
    return f"{sender.name}: {said}"


def public_url(house: House) -> str:
    """Guests can reach it."""
    url = house.settings.public_url
    if not url:
        return "none: a demo, seen from this machine only"
    try:
        with _get(f"{url.rstrip('/')}/healthz") as answer:
            body = json.loads(answer.read(1000))
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Wrong(f"{url} does not lead here ({error}): check DNS, the certificate and the proxy") from error
    if body != {"status": "ok"}:
        raise Wrong(f"{url} answers, but it is not Vestibule: check the proxy")
    return f"{url} answers"


def radius_secret(house: House) -> str:
    """Every router has a long secret of its own."""
    with house.database.reading() as session:
        routers = session.execute(select(Nas.name, Nas.secret).order_by(Nas.name)).all()
    weak = [name for name, secret in routers if len(secret) < _SECRET_LENGTH or secret.lower() in SAMPLES]
    if weak:
        raise Wrong(f"short or a sample for {', '.join(weak)}: `vestibule radius nas rotate NAME` makes another")
    shared = len(routers) - len({secret for _, secret in routers})
    if shared:
        raise Wrong(f"{shared} routers share a secret with another: `vestibule radius nas rotate NAME` gives one its own")
    return f"{len(routers)} routers, each with its own"


def clock(house: House) -> str:
    """It agrees with somebody else's."""
    other = _other_clock(house)
    if other is None:
        return "nobody to compare with: no PostgreSQL and no public URL"
    who, drift = other
    if abs(drift) > _DRIFT:
        raise Wrong(f"{drift.total_seconds():+.0f} s off {who}: switch time synchronisation on (timedatectl set-ntp true)")
    return f"agrees with {who}"


def unsafe_settings(house: House) -> str:
    """Nothing is open that should not be."""
    settings = house.settings
    problems = []
    if settings.data_dir.exists() and stat.S_IMODE(settings.data_dir.stat().st_mode) & 0o077:
        problems.append(f"others can read {settings.data_dir}: chmod 700 {settings.data_dir}")
    if settings.demo and settings.public_url:
        problems.append("VESTIBULE_DEMO stands beside a public URL: remove it")
    if not settings.demo and settings.sms_sender == "console":
        problems.append("SMS go to the console, guests get none: VESTIBULE_SMS_SENDER=smsaero")
    if settings.public_url and settings.host not in {"127.0.0.1", "::1", "localhost"} and not settings.trusted_proxies:
        problems.append(f"listens on {settings.host} without a proxy in front: guests' codes would travel without https")
    if problems:
        raise Wrong("; ".join(problems))
    return "none" if not settings.demo else "none for a demo"


def _other_clock(house: House) -> tuple[str, timedelta] | None:
    if not house.database.is_sqlite:
        with house.database.reading() as session:
            theirs = session.scalar(select(func.now()))
        return "the database", utcnow() - (theirs or utcnow())
    url = _outside(house.settings)
    if not url:
        return None
    try:
        with _get(url) as answer:
            date = parsedate_to_datetime(answer.headers["Date"])
    except (urllib.error.URLError, OSError, TypeError, ValueError) as error:
        raise Wrong(f"could not ask {url} for the time ({error})") from error
    return url, datetime.now(UTC) - date


def _outside(settings: Settings) -> str:
    return f"https://{settings.smsaero_gates[0]}/" if settings.sms_sender == "smsaero" else settings.public_url


def _get(url: str) -> "urllib.request._UrlopenRet":
    return urllib.request.urlopen(url, timeout=_SECONDS)  # noqa: S310 — https by the settings' own rule
