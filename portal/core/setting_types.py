"""What a setting may be: bounds that are told at the start, instead of a guest's page that fails on nonsense later."""

from datetime import timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

LONGEST_CODE = timedelta(hours=1)


def _in_seconds(value: object) -> object:
    """Pydantic takes a number for seconds, but not one that is written out, as everything in the environment is."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _sender_name(value: str) -> str:
    """What no carrier takes: which signs are taken beside letters and digits differs among them. Digits alone may be 15."""
    if not (value.isascii() and value.isprintable()) or len(value) > (15 if value.isdigit() else 11):
        raise ValueError("must be at most 11 Latin letters, digits and signs")
    return value


def _ascending(value: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in pairwise(value)):
        raise ValueError("must rise: each is counted from the first SMS, as in 60,180,420")
    return value


Names = Annotated[tuple[str, ...], NoDecode]
Count = Annotated[int, Field(ge=1)]
Percent = Annotated[int, Field(ge=0, le=100)]
Months = Annotated[int, Field(ge=1, le=1200)]
Duration = Annotated[timedelta, BeforeValidator(_in_seconds)]
Second = Annotated[int, Field(ge=1, le=LONGEST_CODE.total_seconds())]
Seconds = Annotated[tuple[Second, ...], NoDecode, AfterValidator(_ascending)]
SenderName = Annotated[str, AfterValidator(_sender_name)]
