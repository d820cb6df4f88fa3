"""A process that carries the outbox of e-mail once: `python -m tests.support.mail_worker '{"data_dir": …}'`. It may be killed."""

import json
import sys
from pathlib import Path

from portal.core.clock import utcnow
from portal.core.db import Database
from portal.jobs import mail
from portal.mail.senders.choice import chosen_mail_sender
from tests.conftest import make_settings


def main() -> None:
    """Settings come as one JSON object."""
    values = json.loads(sys.argv[1])
    settings = make_settings(Path(values.pop("data_dir")), **values)
    database = Database(settings.url_of_database)
    mail.postman(settings, database, chosen_mail_sender(settings), utcnow).work()


if __name__ == "__main__":
    main()
