"""SMS Aero (API v2) through a hardened subclass of its own client.

The stock client looks DNS up when constructed, re-sends a paid POST to the next gate on a time-out, falls back to plain
http on a TLS error, follows redirects, logs the key, and tells no error from another. Its validation and its names of
calls are kept; the transport and the reading of answers are ours. Each fault has a test against an emulator of the gate.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import smsaero

from portal.core.config import Settings
from portal.core.phone import Phone
from portal.sms.senders import answers, one_shot
from portal.sms.senders.base import Accepted, GateDown, OutgoingSms, Refused, Sender, SmsError, Unknown
from portal.sms.senders.breaker import Breaker
from portal.sms.senders.one_shot import Patience

USER_AGENT = "Vestibule"
LIST_PAGES = 3
# Final: 1 delivered, 2 not delivered, 6 rejected. 0 queue, 3 transferred, 4 waiting and 8 moderation are on their way.
_STATUSES = {1: "delivered", 2: "failed", 6: "failed"}


class OneGate(smsaero.SmsAero):  # type: ignore[misc]
    """The stock client at one gate: no look-ups, no second try, no redirect, TLS always, typed errors."""

    def __init__(self, settings: Settings, gate: str, patience: Patience) -> None:
        self._account = (settings.smsaero_email, settings.smsaero_api_key.get_secret_value())
        self._base = f"https://{gate}/v2/"
        self._ca_file = settings.smsaero_ca_file
        self._patience = patience
        super().__init__(*self._account, signature=settings.smsaero_signature, allow_phone_validation=False)

    @staticmethod
    def init_validate(*args: Any, **kw: Any) -> None:
        """Settings are checked by `portal.core.config`; the stock check asks DNS about the account's mail domain."""

    def request(self, selector: str, data: dict[str, Any] | None = None, page: int | None = None, proto: str = "https") -> Any:
        """One POST; returns the answer's `data`. Raises SmsError."""
        url = f"{self._base}{selector}" + (f"?page={page}" if page else "")
        body = {name: value for name, value in (data or {}).items() if value is not None}
        return answers.read(
            one_shot.post(url, body, account=self._account, user_agent=USER_AGENT, ca_file=self._ca_file, patience=self._patience)
        )


class SmsAeroSender(Sender):
    """One gate per attempt, the next attempt at the next gate that is not resting."""

    name = "smsaero"

    def __init__(self, settings: Settings, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()
        self._breaker = Breaker(settings.smsaero_gates)

    def try_send(self, sms: OutgoingSms) -> Accepted:
        """POST sms/send. Raises SmsError."""

        def ask(gate: OneGate) -> Any:
            return gate.send_sms(
                number=int(sms.phone.e164[1:]), text=sms.text, callback_url=sms.callback_url, callback_format="JSON"
            )

        return _accepted(self._at_a_gate(sms.attempt, ask))

    def try_find(self, phone: Phone, since: datetime) -> list[Accepted]:
        """POST sms/list, as many pages as needed. Raises SmsError."""
        mine = [row for row in self._sent_to(phone, since) if "+" + str(row.get("number")) == phone.e164]
        taken = [(_created(row), _accepted(row)) for row in mine]
        return [answer for at, answer in sorted(taken, key=lambda t: (t[0], int(t[1].provider_id))) if at >= since]

    def _sent_to(self, phone: Phone, since: datetime) -> Iterator[dict[str, Any]]:
        for page in range(1, LIST_PAGES + 1):
            listing = self._at_a_gate(1, lambda gate, page=page: gate.sms_list(number=int(phone.e164[1:]), page=page))
            if not isinstance(listing, dict):
                raise Unknown
            rows = [row for key, row in listing.items() if key.isdigit() and isinstance(row, dict)]
            yield from rows
            has_next = isinstance(links := listing.get("links"), dict) and links.get("next")
            if not has_next or not rows or min(map(_created, rows)) < since:
                return

    def try_status(self, provider_id: str) -> Accepted:
        """POST sms/status. Raises SmsError."""
        return _accepted(self._at_a_gate(1, lambda gate: gate.sms_status(int(provider_id))))

    def try_balance(self) -> int:
        """POST balance, in kopecks. Raises SmsError."""
        answer = self._at_a_gate(1, lambda gate: gate.balance())
        kopecks = _kopecks(answer.get("balance")) if isinstance(answer, dict) else None
        if kopecks is None:
            raise Unknown
        return kopecks

    def _at_a_gate(self, attempt: int, ask: Any) -> Any:
        gate = self._breaker.choose(attempt)
        if gate is None:
            raise GateDown(bytes_sent=False)
        try:
            answer = ask(OneGate(self._settings, gate, self._patience))
        except (GateDown, Unknown):
            self._breaker.failed(gate)
            raise
        except SmsError:
            self._breaker.worked(gate)
            raise
        except (ValueError, TypeError) as error:  # the stock client's own check of number and text
            raise Refused from error
        self._breaker.worked(gate)
        return answer


def _accepted(answer: Any) -> Accepted:
    if isinstance(answer, list) and len(answer) == 1:  # the form for several numbers
        answer = answer[0]
    if not isinstance(answer, dict) or not str(answer.get("id", "")).isdigit():
        raise Unknown
    status = str(answer.get("status", ""))
    return Accepted(
        str(answer["id"])[:40], _STATUSES.get(int(status) if status.isdigit() else -1, "sent"), _kopecks(answer.get("cost"))
    )


def _created(row: dict[str, Any]) -> datetime:
    stamp = str(row.get("dateCreate", ""))
    return datetime.fromtimestamp(int(stamp), UTC) if stamp.isdigit() else datetime.fromtimestamp(0, UTC)


def _kopecks(roubles: object) -> int | None:
    """Costs come as numbers and as strings."""
    try:
        return int((Decimal(str(roubles)) * 100).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        return None
