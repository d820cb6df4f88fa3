"""What may be asked of the API: every parameter by name, and nothing else."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from portal.acquisition.models import SOURCE_KINDS
from portal.core.i18n import marked

EARLIEST, LATEST = date(2000, 1, 1), date(2198, 12, 31)
LONGEST = timedelta(days=731)
CODE = r"^[a-z0-9-]{1,40}$"


def _day(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise ValueError("write a day as 2026-11-22")
    return value


def _number(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{1,6}", value, re.ASCII):
        raise ValueError("write a whole number")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Code = Annotated[str, Field(pattern=CODE)]
Kind = Literal[SOURCE_KINDS]  # type: ignore[valid-type]


class Query(BaseModel):
    """A parameter that is not named here is refused, so that a typing error never passes for an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Query):
    """A page of a list."""

    limit: Annotated[int, BeforeValidator(_number)] = Field(50, ge=1, le=100, description=marked("How many at most."))
    after: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,40}$")] = Field(
        "", description=marked("What next was on the page before.")
    )


class ReportQuery(Query):
    """Which visits are counted, and until when they may convert."""

    first: Day | None = Field(None, description=marked("First day, by the venue's clock; 27 days before the last by default."))
    last: Day | None = Field(
        None, description=marked("Last day; today by default. At most 731 days, from 2000-01-01 to 2198-12-31.")
    )
    window: Literal["30m", "24h", "7d"] = Field("24h", description=marked("How long after its arrival a visit may convert."))
    attribution: Literal["visit", "first"] = Field(
        "visit", description=marked("Source of the visit, or the guest's first one ever.")
    )
    visitors: Literal["all", "new", "returning"] = Field("all", description=marked("Whose device was never here before, or was."))
    source: list[Code] = Field([], max_length=50, description=marked("Codes of sources, or other."))
    kind: list[Kind] = Field([], max_length=20, description=marked("Kinds of sources."))
    campaign: list[Annotated[str, Field(min_length=1, max_length=120)]] = Field([], max_length=20, description="utm_campaign.")
    language: Literal["ru", "en"] | None = Field(None, description=marked("Language of the guest's pages."))
    device: Literal["iphone", "android", "ipad", "windows", "mac", "linux", "other"] | None = Field(
        None, description=marked("Family of the device.")
    )
    goal: Literal["phone", "verified", "card", "online"] = Field(
        "verified", description=marked("The step that channels are judged by.")
    )

    @model_validator(mode="after")
    def _in_order(self) -> "ReportQuery":
        known = [day for day in (self.first, self.last) if day]
        if any(not EARLIEST <= day <= LATEST for day in known):
            raise ValueError("days lie between 2000-01-01 and 2198-12-31")
        if self.first and self.last and not timedelta() <= self.last - self.first < LONGEST:
            raise ValueError("the first day comes before the last, at most 731 days in all")
        return self


class SeriesQuery(ReportQuery):
    """The same, along time."""

    grain: Literal["day", "week", "month"] = Field("day", description=marked("Length of a bucket; weeks begin on Monday."))


class Refused(ValueError):
    """`errors`: the reason by parameter."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("refused")
        self.errors = dict(errors)


def read(kind: type[Query], given: Mapping[str, list[str]]) -> Any:
    """An instance of `kind`. Raises Refused: unknown and repeated parameters too."""
    repeated = {name: "given twice" for name, values in given.items() if len(values) > 1 and not _is_list(kind, name)}
    if repeated:
        raise Refused(repeated)
    try:
        return kind.model_validate({name: values if _is_list(kind, name) else values[0] for name, values in given.items()})
    except ValidationError as error:
        raise Refused({".".join(map(str, one["loc"])) or "query": one["msg"] for one in error.errors()}) from None


def _is_list(kind: type[Query], name: str) -> bool:
    field = kind.model_fields.get(name)
    return field is not None and get_origin(field.annotation) is list
