"""UTM values as links made elsewhere bring them: normalised for matching, the original kept beside.

`LinkedIn`, `linkedin ` and `linked_in` must not become three channels, and what a stranger puts into a query must not
reach a table or a terminal as it came.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.acquisition.models import Source

VALUE_LENGTH = 120
RAW_LENGTH = 500
FIELDS = ("source", "medium", "campaign", "content")
_READ_LENGTH = 1000  # of one value, before normalisation
_MAX_PAIRS = 100
_PASSES = 6  # NFKC and case folding settle in two or three
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, bidi and zero-width, lone surrogates, line separators
_RUN = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, slots=True)
class Utm:
    """What a link said of itself. The four values are normalised; `raw` is the text as it came, `cut` if shortened."""

    source: str
    medium: str
    campaign: str
    content: str
    raw: str | None
    cut: bool


def normalise(text: str) -> str:
    """One spelling of a value: NFKC, case-folded, trimmed, runs of spaces, underscores and dashes as one `-`.

    Invisible characters are dropped, at most 120 characters stay. Idempotent, never raises.
    """
    value = text.strip()[:_READ_LENGTH]
    for _ in range(_PASSES):
        settled = _one_pass(value)
        if settled == value:
            break
        value = settled
    return value


def read_utm(pairs: Iterable[tuple[str, str]]) -> Utm:
    """Read a query's decoded pairs, in order. Names in any case; of a repeated key the first non-empty value counts."""
    found: dict[str, str] = {}
    raw: list[str] = []
    cut = False
    for name, value in _own(pairs):
        raw.append(f"{_visible(name)}={_visible(value[:_READ_LENGTH])}")
        cut = cut or len(value) > _READ_LENGTH
        field = name.casefold().removeprefix("utm_")
        if field in FIELDS and not found.get(field):
            found[field] = normalise(value)
    text = "&".join(raw)
    source, medium, campaign, content = (found.get(field, "") for field in FIELDS)
    return Utm(source, medium, campaign, content, text[:RAW_LENGTH] or None, cut or len(text) > RAW_LENGTH)


def match(utm: Utm, sources: Sequence[Source], aliases: Mapping[str, str]) -> Source | None:
    """The placement that these values name, or None ("other").

    Its utm_source must be equal, and each of medium, campaign and content that it sets. The most specific one wins;
    then the one in use, then the oldest. A retired one still matches: the link is still out there.
    """
    table = {normalise(wrong): normalise(str(right)) for wrong, right in aliases.items()}
    said = {field: table.get(value, value) for field in FIELDS if (value := getattr(utm, field))}
    candidates = [source for source in sources if _agrees(source, said, table)]
    return min(candidates, key=_preference, default=None)


def _agrees(source: Source, said: Mapping[str, str], table: Mapping[str, str]) -> bool:
    wanted = {field: value for field in FIELDS if (value := getattr(source, f"utm_{field}"))}
    return "source" in wanted and all(said.get(field) == table.get(value, value) for field, value in wanted.items())


def _preference(source: Source) -> tuple[int, bool, int]:
    details = sum(bool(getattr(source, f"utm_{field}")) for field in FIELDS)
    return -details, source.retired_at is not None, source.id


def _own(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    named = ((name.strip()[:60], value) for name, value in pairs)
    own = (pair for pair in named if pair[0].casefold().startswith("utm_"))
    return [pair for pair, _ in zip(own, range(_MAX_PAIRS), strict=False)]


def _one_pass(text: str) -> str:
    seen = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in _INVISIBLE)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    dashed = "".join("-" if unicodedata.category(c) in ("Pd", "Pc") or c == "\N{MINUS SIGN}" else c for c in folded)
    return _RUN.sub("-", dashed).strip("-")[:VALUE_LENGTH].strip("-")


def _visible(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in _INVISIBLE)
