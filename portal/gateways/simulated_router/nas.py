"""The router's RADIUS half, as FreeRADIUS would do it: questions to the hooks, accounting written down in the spool."""

import hmac
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.core.mac import Mac

TIMEOUT_SECONDS = 5


class HooksAway(Exception):
    """No usable answer from the hooks."""


@dataclass(frozen=True)
class Hooks:
    """Where the hooks are, and who we are to them: the name of a RADIUS client that the portal knows.

    `spool` is the folder of accounting (`radius_hooks/raddb/detail.conf.in`).
    """

    url: str
    secret: str = field(repr=False)
    nas_name: str
    spool: Path

    def authorize(self, mac: Mac, user_name: str, password: str) -> dict[str, Any] | None:
        """The reply's attributes, or None for a refusal. Checks the password itself, as FreeRADIUS does. Raises HooksAway."""
        reply = self._ask({"User-Name": user_name, "Calling-Station-Id": mac.dashes})
        known = _value(reply, "control:Cleartext-Password")
        if _value(reply, "control:Auth-Type") == "Reject" or not isinstance(known, str):
            return None
        if not hmac.compare_digest(known.encode(), password.encode()):
            return None
        return {name.removeprefix("reply:"): _value(reply, name) for name in reply if name.startswith("reply:")}

    def account(self, attributes: dict[str, str | int], at: float) -> None:
        """Write a report down, received at this Unix time. Raises HooksAway when the disk does not take it."""
        line = f"#\n{int(at)} {self.nas_name} {json.dumps(attributes)}\n#\n".encode()
        try:
            self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.spool / time.strftime("detail-%Y%m%d%H%M")
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
                file.write(line)
        except OSError as error:
            raise HooksAway(type(error).__name__) from error

    def _ask(self, attributes: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 — the address is the operator's own
            f"{self.url}/authorize/{self.nas_name}",
            data=json.dumps(attributes).encode(),
            headers={"Content-Type": "application/json", "X-Vestibule-Secret": self.secret},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                return json.loads(response.read() or b"{}")  # type: ignore[no-any-return]
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise HooksAway(type(error).__name__) from error


def _value(reply: dict[str, Any], name: str) -> Any:
    found = reply.get(name)
    return found["value"][0] if isinstance(found, dict) else found
