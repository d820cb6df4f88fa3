"""An invented past for the demo: visits in the proportions that the trade publishes, each marked synthetic.

Only visits are made: no phone, no guest, no address, so nothing invented can be taken for a person. The figures are the
suggested ones of the collected vendors' rates; the shape of a day and a week is a café's.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import log
from typing import Any
from zoneinfo import ZoneInfo

from portal.acquisition.models import STEPS, Source
from portal.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Habit:
    """Visits on an ordinary day, and the share of them that leaves a phone."""

    a_day: float
    phone: float


# Phone shares are those of the whole sign-up (.24 of a table tent's visits, .08 of a receipt's, …) divided by what the
# three steps after the phone keep: .94 code sent · .90 verified · .97 registered.
_KEPT = 0.94 * 0.90 * 0.97
HABITS = {
    "wifi": Habit(52, 0.55),
    "table_tent": Habit(24, 0.24 / _KEPT),
    "receipt": Habit(30, 0.08 / _KEPT),
    "delivery_sticker": Habit(17, 0.05 / _KEPT),
    "checkout": Habit(12, 0.16 / _KEPT),
    "staff_badge": Habit(7, 0.30 / _KEPT),
    "social": Habit(14, 0.12 / _KEPT),
    "menu": Habit(15, 0.14 / _KEPT),
    "packaging": Habit(9, 0.05 / _KEPT),
    "paid": Habit(11, 0.07 / _KEPT),
}
OTHER = Habit(8, 0.10 / _KEPT)
TRIAL = (12, 6)  # visits and sign-ups of the placement that is too young to judge
REMEMBERED = 0.30 / 0.70  # returning devices for each Wi-Fi visit that begins anew
VOUCHERS_A_DAY = 1.2
BOTS = 0.06  # of short-link hits, and far more where a link is posted
BOTS_SOCIAL = 0.40

_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 4, 6, 6, 8, 14, 14, 8, 6, 6, 8, 13, 14, 12, 8, 4, 1)  # local; peaks 12–14 and 18–21
_WEEKDAYS = (0.85, 0.85, 0.9, 1.0, 1.4, 1.4, 1.0)
_FAMILIES = {"android": 0.55, "iphone": 0.38, "ipad": 0.02, "windows": 0.03, "mac": 0.02}
_OTHER_LINKS = ("utm_source=Telegram&utm_medium=Social", "utm_source=tg", "utm_source=2gis&utm_medium=maps", "utm_source=QR_old")
_BOT_NAMES = ("TelegramBot", "vkShare", "YandexBot", "WhatsApp", "Googlebot")
CAME_BEFORE = {"wifi": 0.30}  # share of visits whose device was here before
CAME_BEFORE_ELSEWHERE = 0.12
SMS_KOPECKS = ((290, 0.45), (345, 0.35), (420, 0.20))  # what a message costs, by carrier
_NOTES = ((9, "Новое меню"), (33, "Улица перекрыта: ремонт"), (70, "Тейбл-тенты на всех столах"))  # days ago
_SPREAD = 0.6  # σ of the log-normal times between steps


class Past:
    """Makes the rows of one venue. The same seed gives the same past."""

    def __init__(self, venue: Venue, sources: Sequence[Source], trial_label: str, seed: int) -> None:
        self.chance = random.Random(f"{seed}:{venue.code}")  # noqa: S311 — a demo, not a secret
        self.venue = venue
        self.zone = ZoneInfo(venue.timezone)
        self.trial = next((source for source in sources if source.label == trial_label), None)
        self.usual = [source for source in sources if source.kind in HABITS]
        self.scale = self.chance.uniform(0.75, 1.1)

    def rows(self, days: int, now: datetime) -> Iterator[dict[str, Any]]:
        """Visits of the last `days` days up to `now`, ready to insert; steps that lie ahead of `now` are left out."""
        today = now.astimezone(self.zone).date()
        stories = (self._day(today - timedelta(days=back), 1 - back / days / 4) for back in range(days - 1, -1, -1))
        for row in (*(row for day in stories for row in day), *self._trial_rows(today, days)):
            if row["arrived_at"] <= now:
                yield {name: None if name in STEPS and value and value > now else value for name, value in row.items()}

    def notes(self, days: int, now: datetime) -> list[tuple[date, str]]:
        """What is written on the graph of these days."""
        today = now.astimezone(self.zone).date()
        return [(today - timedelta(days=ago), text) for ago, text in _NOTES if ago < days]

    def _day(self, day: date, growth: float) -> Iterator[dict[str, Any]]:
        mood = self.scale * growth * _WEEKDAYS[day.weekday()] * self.chance.uniform(0.85, 1.15)
        for source in self.usual:
            visits = self._how_many(HABITS[source.kind].a_day * mood)
            yield from (self._visit(day, source, HABITS[source.kind]) for _ in range(visits))
            bots = BOTS_SOCIAL if source.kind == "social" else BOTS
            yield from (self._bot(day, source) for _ in range(self._how_many(visits * bots)))
            if source.kind == "wifi":
                yield from (self._apart(day, source, "remembered") for _ in range(self._how_many(visits * REMEMBERED)))
                yield from (self._apart(day, source, "voucher") for _ in range(self._how_many(VOUCHERS_A_DAY * mood)))
        yield from (self._visit(day, None, OTHER) for _ in range(self._how_many(OTHER.a_day * mood)))

    def _trial_rows(self, today: date, days: int) -> Iterator[dict[str, Any]]:
        """A dozen visits in the last three weeks, half of them signed up: enough to please, too few to say anything."""
        visits, sign_ups = TRIAL
        for number in range(visits if self.trial else 0):
            arrived_at = self._moment(today - timedelta(days=1 + number * min(days - 1, 20) // visits))
            row = self._row(arrived_at, self.trial, "guest") | {"seen_at": arrived_at}
            yield row | (self._signed_up(arrived_at, wifi=False, card=True) if number < sign_ups else {})

    def _visit(self, day: date, source: Source | None, habit: Habit) -> dict[str, Any]:
        arrived_at = self._moment(day)
        row = self._row(arrived_at, source, "guest") | {"seen_at": arrived_at + timedelta(seconds=0.4)}
        if not self._happens(habit.phone):
            return row
        wifi = source is not None and source.kind == "wifi"
        steps = self._signed_up(arrived_at, wifi=wifi, card=self._happens(0.3 if wifi else 0.97))
        return row | (steps if self._happens(0.94 * 0.90) else self._gave_up(steps))

    def _signed_up(self, arrived_at: datetime, *, wifi: bool, card: bool) -> dict[str, Any]:
        phone_at = arrived_at + self._pause(15)
        sent_at = phone_at + self._pause(1.2)
        delivered_at = sent_at + self._pause(7.8)
        verified_at = delivered_at + self._pause(18)
        saved = card and self._happens(0.35)
        return {
            "phone_at": phone_at,
            "code_sent_at": sent_at,
            "code_delivered_at": delivered_at,
            "verified_at": verified_at,
            "card_at": verified_at if card else None,
            "card_saved_at": verified_at + self._pause(25) if saved else None,
            "online_at": verified_at + self._pause(3) if wifi and self._happens(0.97) else None,
            "is_returning": self._happens(0.28 if wifi else 0.12),
            "sms_kopecks": self.chance.choices(*zip(*SMS_KOPECKS, strict=True))[0],
        }

    def _gave_up(self, steps: dict[str, Any]) -> dict[str, Any]:
        """The SMS was refused, got lost (2 %), or came and was not typed."""
        reached = {name: steps[name] for name in ("phone_at", "code_sent_at", "code_delivered_at")}
        fate = self.chance.random()
        if fate < 0.40:
            return reached | {"code_sent_at": None, "code_delivered_at": None}
        reached["sms_kopecks"] = steps["sms_kopecks"]
        return reached | {"code_delivered_at": None} if fate < 0.55 else reached

    def _bot(self, day: date, source: Source) -> dict[str, Any]:
        arrived_at = self._moment(day)
        facts = {
            "seen_at": arrived_at,
            "bot_reason": self.chance.choice(_BOT_NAMES),
            "device_hash": None,
            "came_before": None,
            "device_family": "other",
        }
        return self._row(arrived_at, source, "bot") | facts

    def _apart(self, day: date, source: Source, visitor_class: str) -> dict[str, Any]:
        arrived_at = self._moment(day)
        return self._row(arrived_at, source, visitor_class) | {
            "online_at": arrived_at + self._pause(2), "is_returning": True, "came_before": True,
        }  # fmt: skip

    def _row(self, arrived_at: datetime, source: Source | None, visitor_class: str) -> dict[str, Any]:
        wifi, linked = source is not None and source.kind == "wifi", source is None or source.kind in ("social", "paid")
        return {
            **dict.fromkeys(STEPS),
            "organization_id": self.venue.organization_id,
            "venue_id": self.venue.id,
            "public_id": f"demo{self.chance.getrandbits(72):018x}",
            "source_id": source.id if source else None,
            "entry": "wifi" if wifi else "link" if linked else "qr",
            "visitor_class": visitor_class,
            "bot_reason": None,
            "is_returning": None,
            "came_before": self._happens(CAME_BEFORE.get(source.kind if source else "", CAME_BEFORE_ELSEWHERE)),
            "sms_kopecks": 0,
            "device_hash": f"{self.chance.getrandbits(128):032x}",
            "device_family": self.chance.choices(list(_FAMILIES), list(_FAMILIES.values()))[0],
            "language": "en" if self._happens(0.08) else self.venue.language,
            "utm_raw": self._said(source) if linked else None,
            "arrived_at": arrived_at,
            "synthetic": True,
        }

    def _said(self, source: Source | None) -> str | None:
        """What the link carried: now and then in another case, sometimes nothing at all."""
        if source is None:
            return None if self._happens(0.4) else self.chance.choice(_OTHER_LINKS)
        name = source.utm_source.title().replace("-", "_") if self._happens(0.03) else source.utm_source
        return f"utm_source={name}&utm_medium={source.utm_medium}"

    def _moment(self, day: date) -> datetime:
        hour = self.chance.choices(range(24), _HOURS)[0]
        at = time(hour, self.chance.randrange(60), self.chance.randrange(60), self.chance.randrange(10**6))
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)

    def _pause(self, median_seconds: float) -> timedelta:
        return timedelta(seconds=self.chance.lognormvariate(log(median_seconds), _SPREAD))

    def _how_many(self, mean: float) -> int:
        return max(0, round(self.chance.gauss(mean, mean**0.5)))

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share
