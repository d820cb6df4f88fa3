"""A carrier that remembers what it was given, and can be told to fail."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from portal.core.phone import Phone
from portal.sms.senders.base import Accepted, OutgoingSms, Refused, Sender, SmsError


class RecordingSender(Sender):
    """`sent` is what it took. `failures` are raised first, one per call; `takes_then_fails` takes the message as well."""

    name = "recording"

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.sent: list[OutgoingSms] = []
        self.failures: list[SmsError] = []
        self.takes_then_fails = False
        self.finds = 0
        self.fate = "sent"
        self._times: list[datetime] = []
        self._clock = clock
        self._lock = threading.Lock()

    def try_send(self, sms: OutgoingSms) -> Accepted:
        with self._lock:
            failure = self.failures.pop(0) if self.failures else None
            if failure is None or self.takes_then_fails:
                self.sent.append(sms)
                self._times.append(self._clock())
            if failure is not None:
                raise failure
            return Accepted(str(len(self.sent)), self.fate, 549)

    def try_find(self, phone: Phone, since: datetime) -> list[Accepted]:
        with self._lock:
            self.finds += 1
            return [
                Accepted(str(i + 1), self.fate, 549)
                for i, sms in enumerate(self.sent)
                if sms.phone == phone and self._times[i] >= since - timedelta(seconds=1)
            ]

    def try_status(self, provider_id: str) -> Accepted:
        if not provider_id.isdigit() or int(provider_id) > len(self.sent):
            raise Refused
        return Accepted(provider_id, "delivered", 549)

    def try_balance(self) -> int:
        return 33_703
