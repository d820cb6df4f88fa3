"""Who asks for a page: a person, a known bot, a prefetch, a HEAD, or the phone's own search for a portal.

Only a person's page load may become a guest's visit. A bot that loads the page is recorded apart; the rest never.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

Kind = Literal["person", "bot", "prefetch", "head", "probe"]
_REASON_LENGTH = 40  # of Visit.bot_reason
_CHUNK = 25  # patterns in one expression: as fast as it gets with `re`

# Sec-Purpose is the standard (Fetch, "prefetch;prerender"); the others are Chrome's and Safari's older ways and Firefox's.
_AHEAD_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_AHEAD = re.compile(r"prefetch|prerender|preview|instant", re.IGNORECASE)

# What systems send when they look for a portal; Android's fixed one is AOSP's config_networkDefaultCaptivePortalUserAgent.
_PROBES = re.compile(
    r"CaptiveNetworkSupport|wispr|Microsoft NCSI|^NetworkManager|^connman|^Dalvik/"
    r"|^Mozilla/5\.0 \(X11; Linux x86_64\) AppleWebKit/537\.36 \(KHTML, like Gecko\) Chrome/60\.0\.3112\.32 Safari/537\.36$"
)

# These name an app whose in-app browser is a person as well as a fetcher, or are short enough to be part of a phone's model.
_PEOPLE_TOO = {
    "Viber", "WhatsApp", "mail\\.ru", "PayPal\\/", "Notion\\/", "Tumblr\\/", "upday\\/", "Daum\\/", "okhttp", "Disqus",
    "Sonic", "Fever", "Fluid", "speedy", "ds9", "Yeti", "Magellan", "coccoc", "AHC\\/", "RED\\/", "Make\\/", "Uptime\\/",
}  # fmt: skip
_BROWSER = re.compile(r"^Mozilla/5\.0 \(.*AppleWebKit/.* (?:Mobile|Safari)/|^Mozilla/5\.0 \(.*Gecko/.* Firefox/")
_CALLS_ITSELF_BOT = re.compile(r"(?<!cu)bot\b[/;:) ]|crawler|spider|link ?preview", re.IGNORECASE)  # Cubot makes phones


def _chunks(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile("|".join(patterns[i : i + _CHUNK])) for i in range(0, len(patterns), _CHUNK))


_EVERY = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA]
_CERTAIN = (*_chunks([pattern for pattern in _EVERY if pattern not in _PEOPLE_TOO]), _CALLS_ITSELF_BOT)
_APPS = _chunks([pattern for pattern in _EVERY if pattern in _PEOPLE_TOO])


class Headers(Protocol):
    """A request's headers, looked up in any case."""

    def get(self, key: str, default: str, /) -> str | None:
        """The value of a header."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request is. `reason` says by what it was recognised (at most 40 characters), None for a person."""

    kind: Kind
    reason: str | None


PERSON = Seen("person", None)


def classify(method: str, headers: Headers) -> Seen:
    """Tell people from machines by method and headers alone."""
    if method in ("HEAD", "OPTIONS"):
        return Seen("head", method.lower())
    for name in _AHEAD_HEADERS:
        if _AHEAD.search(headers.get(name, "") or ""):
            return Seen("prefetch", name.lower())
    return _by_user_agent((headers.get("User-Agent", "") or "")[:400])


@lru_cache(maxsize=4096)
def _by_user_agent(user_agent: str) -> Seen:
    if not user_agent.strip():
        return Seen("bot", "no user agent")
    if _PROBES.search(user_agent):
        return Seen("probe", "system")
    suspects = _CERTAIN if _BROWSER.search(user_agent) else (*_CERTAIN, *_APPS)
    for pattern in suspects:
        if found := pattern.search(user_agent):
            return Seen("bot", _printable(found.group()))
    return PERSON


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip(" /;:()")[:_REASON_LENGTH] or "bot"
