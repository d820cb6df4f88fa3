"""E-mail as files, for the demo and for who has no SMTP account yet: every mail program opens an .eml."""

import os
from pathlib import Path

from portal.core.tokens import sha256_hex
from portal.mail.letters import Letter, as_message
from portal.mail.senders.base import MailSender, Unreachable

FOLDER = "mail"
KEPT = 200
_NOBODY = "Vestibule <vestibule@localhost>"


class FileSender(MailSender):
    """Writes each letter to the data folder (mode 0600: it may hold a link that sets a password) and keeps the last ones."""

    name = "file"

    def __init__(self, data_dir: Path, sender: str = "") -> None:
        self._folder = data_dir / FOLDER
        self._sender = sender or _NOBODY

    def try_send(self, letter: Letter) -> None:
        """The file appears whole or not at all; a second try of the same letter takes its place."""
        content = as_message(letter, self._sender).as_bytes()
        path = self._folder / f"{letter.at:%Y%m%d-%H%M%S}-{sha256_hex(letter.reference.encode())[:10]}.eml"
        fresh = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
            fresh.rename(path)
            for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError:
            raise Unreachable from None

    def try_check(self) -> str:
        """Whether the folder can be written to."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            raise Unreachable from None
        if not os.access(self._folder, os.W_OK):
            raise Unreachable
        return f"files in {self._folder}, none is sent"
