"""The router's RADIUS half: the same JSON over the same secret header that FreeRADIUS sends to the hooks."""

import hmac
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from portal.core.mac import Mac

TIMEOUT_SECONDS = 5


class HooksAway(Exception):
    """No usable answer from the hooks."""


@dataclass(frozen=True)
class Hooks:
    """Where the hooks are, and who we are to them: the name of a RADIUS client that the portal knows."""

    url: str
    secret: str = field(repr=False)
    nas_name: str

    def authorize(self, mac: Mac, user_name: str, password: str) -> dict[str, Any] | None:
        """The reply's attributes, or None for a refusal. Checks the password itself, as FreeRADIUS does. Raises HooksAway."""
        reply = self._ask("authorize", {"User-Name": user_name, "Calling-Station-Id": mac.dashes})
        known = _value(reply, "control:Cleartext-Password")
        if _value(reply, "control:Auth-Type") == "Reject" or not isinstance(known, str):
            return None
        if not hmac.compare_digest(known.encode(), password.encode()):
            return None
        return {name.removeprefix("reply:"): _value(reply, name) for name in reply if name.startswith("reply:")}

    def account(self, attributes: dict[str, str | int]) -> None:
        """Report a session. Raises HooksAway."""
        self._ask("accounting", attributes)

    def _ask(self, section: str, attributes: dict[str, str | int]) -> dict[str, Any]:
        packet = {name: {"type": _type(value), "value": [value]} for name, value in attributes.items()}
        request = urllib.request.Request(  # noqa: S310 — the address is the operator's own
            f"{self.url}/{section}/{self.nas_name}",
            data=json.dumps(packet).encode(),
            headers={"Content-Type": "application/json", "X-Vestibule-Secret": self.secret},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                return json.loads(response.read() or b"{}")  # type: ignore[no-any-return]
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise HooksAway(type(error).__name__) from error


def _type(value: str | int) -> str:
    return "integer" if isinstance(value, int) else "string"


def _value(reply: dict[str, Any], name: str) -> Any:
    values = reply.get(name, {}).get("value", [])
    return values[0] if values else None
