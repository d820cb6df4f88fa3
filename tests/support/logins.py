"""Logins of the dashboard in tests: what the worker mails, who they are, and their second factor."""

import re
from datetime import datetime

import pyotp

from portal.jobs import mail
from portal.staff import accounts
from portal.staff.models import StaffUser
from tests.support.dashboard import PASSWORD, Browser
from tests.support.house import NOW
from tests.support.mail import RecordingMail

GOOD = "три разных слова"


class Clock:
    """Noon for everybody."""

    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def letters(settings, database, clock) -> list[str]:
    """The links of everything that is in the outbox, as the worker writes them."""
    carrier = RecordingMail()
    mail.work(mail.postman(settings, database, carrier, clock))
    return [block.url for letter in carrier.sent for block in letter.written.blocks if hasattr(block, "url")]


def path_of(link: str) -> str:
    return "/dashboard" + link.split("/dashboard")[1]


def person(database, email: str) -> StaffUser:
    with database.reading() as session:
        return accounts.by_email(session, email)


def set_up(browser: Browser, clock: Clock) -> tuple[str, list[str]]:
    """Do what the page says: the secret and the recovery codes."""
    page = browser.get("/dashboard/second-factor").text
    key = re.sub(r"<[^>]+>|\s", "", re.search(r'<code class="key">(.*?)</code>', page, re.DOTALL)[1])
    sealed = re.search(r'name="sealed"[^>]* value="([^"]+)"', page)[1]
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
    code = pyotp.TOTP(key).at(clock.now)
    done = browser.send("/dashboard/second-factor", csrf_token=token, sealed=sealed, code=code, password=PASSWORD)
    assert done.status_code == 200, done.text
    return key, re.findall(r"<li><code>([a-z0-9]{5}-[a-z0-9]{5})</code>", done.text)
