"""What the API answers. Every rate carries its counts and its 95 % interval; money is in kopecks, times in seconds."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Exactly these fields, all of them always there."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Share(Answer):
    """`k` of `n`; without any `n` there is no share. `low` and `high`: Wilson's interval at 95 %."""

    k: int = Field(ge=0)
    n: int = Field(ge=0)
    share: float | None = Field(ge=0, le=1)
    low: float | None = Field(ge=0, le=1)
    high: float | None = Field(ge=0, le=1)


class Step(Answer):
    """A step of the funnel."""

    step: str = Field(description="seen, phone, code_sent, code_delivered, verified, card, card_saved or online.")
    of_start: Share
    of_previous: Share


class SourceName(Answer):
    """A channel."""

    code: str
    label: str
    kind: str


class Source(SourceName):
    """A channel with all that is known of it."""

    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_content: str
    created_at: datetime
    paused_at: datetime | None
    retired_at: datetime | None
    merged_at: datetime | None


class Venue(Answer):
    """A venue in the token's scope."""

    code: str
    name: str
    city: str
    timezone: str
    live: bool


class VenuePage(Answer):
    """Venues by code. `next` is the `after` of the next page."""

    items: list[Venue]
    next: str | None


class SourcePage(Answer):
    """Sources by code. `next` is the `after` of the next page."""

    items: list[Source]
    next: str | None


class Asked(Answer):
    """The question as it was understood. Days are the venue's."""

    venue: str
    timezone: str
    first: date
    last: date
    window: str
    attribution: str
    visitors: str
    goal: str


class Difference(Answer):
    """This channel's rate minus that of all others together, with Newcombe's 95 % interval. It differs; it may not cause."""

    value: float
    low: float
    high: float


class Judgement(Answer):
    """Of the visits that are older than the window. Below 30 of them (`few`) nothing is ranked."""

    goal: Share
    few: bool
    rank: int | None
    leader: bool
    p_adjusted: float | None
    p_best: float | None
    difference: Difference | None
    more_visits: int | None


class Channel(Answer):
    """`source` null: visits whose link named no known channel. `unripe` visits are younger than the window."""

    source: SourceName | None
    unripe: int
    steps: list[Step]
    cost_kopecks: int
    sms_kopecks: int
    judged: Judgement


class Apart(Answer):
    """Visits that stand beside the funnel."""

    bots: int
    previews: int
    vouchers: int
    vouchers_online: int
    remembered: int
    remembered_online: int


class Channels(Answer):
    """Conversion per channel. `synthetic` visits are a demo's invention."""

    asked: Asked
    channels: list[Channel]
    totals: list[Step]
    apart: Apart
    unripe: int
    synthetic: int


class Bucket(Answer):
    """A day, week or month. `immature`: its newest visits can still convert."""

    first: date
    last: date
    immature: bool
    steps: list[Step]


class Series(Answer):
    """The funnel along time."""

    asked: Asked
    grain: Literal["day", "week", "month"]
    buckets: list[Bucket]


class Funnel(Answer):
    """Every step of all visits asked for."""

    asked: Asked
    steps: list[Step]
    unripe: int


class Bin(Answer):
    """Visits whose step took `from_s` to `to_s` seconds."""

    from_s: float
    to_s: float
    n: int


class StepTime(Answer):
    """How long a step took."""

    step: str
    n: int
    median_s: float | None
    p90_s: float | None
    bins: list[Bin]


class ChannelTimes(Answer):
    """The same of one channel."""

    source: SourceName | None
    steps: list[StepTime]


class Times(Answer):
    """Times of all visits asked for, and of each channel."""

    asked: Asked
    steps: list[StepTime]
    channels: list[ChannelTimes]


class Stop(Answer):
    """Where guests stopped: each at one place."""

    place: str = Field(description="no_phone, refused, wrong_number, no_sms, wrong_code, gave_up or no_internet.")
    of: Share


class Stops(Answer):
    """Where guests stopped."""

    asked: Asked
    stops: list[Stop]


class Problem(Answer):
    """RFC 9457. `errors` names each parameter that was refused, and why."""

    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, str] = Field(default_factory=dict)
