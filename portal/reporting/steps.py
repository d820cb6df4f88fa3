"""A step of a funnel: a count that always carries what it is a share of."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import add, sub

from portal.reporting.statistics import Interval, wilson

# Every step and the one that it follows. Trunk: seen, phone, verified; branches from verified: card (saved), and online.
# code_sent and code_delivered are diagnostics between phone and verified.
PREVIOUS = {
    "seen": "seen",
    "phone": "seen",
    "verified": "phone",
    "card": "verified",
    "online": "verified",
    "code_sent": "phone",
    "code_delivered": "code_sent",
    "card_saved": "card",
}
MAIN = ("seen", "phone", "verified", "card", "online")
FUNNEL = ("seen", "phone", "code_sent", "code_delivered", "verified", "card", "card_saved", "online")


@dataclass(frozen=True, slots=True)
class Step:
    """`count` of `start_n` visits, and of `previous_n` that reached the step before."""

    name: str
    count: int
    start_n: int
    previous_n: int

    @property
    def of_start(self) -> float | None:
        """Share of all visits, 0 to 1; None of none."""
        return self.count / self.start_n if self.start_n else None

    @property
    def of_previous(self) -> float | None:
        """Share of those who reached the step before, 0 to 1; None of none."""
        return self.count / self.previous_n if self.previous_n else None

    @property
    def interval(self) -> Interval | None:
        """95 % interval of `of_start`."""
        return wilson(self.count, self.start_n)

    @property
    def interval_of_previous(self) -> Interval | None:
        """95 % interval of `of_previous`."""
        return wilson(self.count, self.previous_n)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many visits of a cohort reached each step of FUNNEL, in that order."""

    values: tuple[int, ...] = (0,) * len(FUNNEL)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(tuple(map(add, self.values, other.values)))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(tuple(map(sub, self.values, other.values)))

    @classmethod
    def added_up(cls, many: "Iterable[Counts]") -> "Counts":
        """All of them together, in one go."""
        columns = zip(*(one.values for one in many), strict=True)
        return cls(tuple(map(sum, columns)) or cls().values)

    def of(self, name: str) -> int:
        """The count of a step."""
        return self.values[FUNNEL.index(name)]

    def step(self, name: str) -> Step:
        """A step with what it is a share of."""
        return Step(name, self.of(name), self.of("seen"), self.of(PREVIOUS[name]))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The five steps of the channel table."""
        return tuple(self.step(name) for name in MAIN)

    @property
    def funnel(self) -> tuple[Step, ...]:
        """Every step, diagnostics among them."""
        return tuple(self.step(name) for name in FUNNEL)
