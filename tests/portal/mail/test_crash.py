"""kill -9 in the middle of a letter: nothing is doubled, nothing is silently lost."""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.jobs import mail
from portal.mail import outbox
from portal.mail.models import MailMessage
from portal.mail.senders.smtp import SmtpSender
from portal.staff import accounts, invitations
from tests.conftest import make_settings
from tests.support.mail import post_office

ROOT = Path(__file__).parents[3]


def test_a_worker_killed_between_the_letter_and_its_answer_leaves_one_letter_and_a_trace(database, database_url, house, tmp_path):
    now = utcnow()
    with database.writing() as session:
        user, _ = accounts.create(session, house.organization_id, "anna@teremok.example", "Анна", "owner", None, [], now)
        for kind in ("invite", "reset"):
            link = invitations.write(session, user, kind, now)
            outbox.queue(session, user, kind, f"{kind}:{link.public_id}", {"invitation": link.id}, now)
    with post_office(tmp_path) as post:
        post.hangs_after_data = True
        values = post.settings(data_dir=str(tmp_path), database_url=database_url)
        worker = subprocess.Popen([sys.executable, "-m", "tests.support.mail_worker", json.dumps(values)], cwd=ROOT)
        deadline = time.monotonic() + 20
        while not post.taken and time.monotonic() < deadline:
            time.sleep(0.02)
        worker.kill()
        worker.wait()
        post.hangs_after_data = False
        assert len(post.taken) == 1
        settings = make_settings(tmp_path, **{name: value for name, value in values.items() if name != "data_dir"})
        clock = [now]
        carrier = mail.postman(settings, database, SmtpSender(settings), lambda: clock[0])
        clock[0] = utcnow()
        carrier.work()
        clock[0] += timedelta(minutes=11)
        carrier.work()
        subjects = [letter["Message-ID"] for letter in post.taken]
    assert len(subjects) == len(set(subjects)) == 2
    with database.reading() as session:
        rows = session.scalars(select(MailMessage).order_by(MailMessage.id)).all()
        assert [(row.status, row.error) for row in rows] == [("unknown", "crash"), ("sent", None)]
