"""What an SMS says, in one part: 70 characters of UCS-2 (Russian) or 160 of GSM-7 (English).

What matters comes first and what does not fit goes, in this order: "tell nobody", the card's link, the line for the
browser. The last line `@host #code` lets browsers fill the code in on that host only (WICG, sms-one-time-codes).
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.core.i18n import translations

# 3GPP TS 23.038: the default alphabet, and the characters that take two septets.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE = frozenset("^{}\\[~]|€")
_ONE_PART = {"GSM-7": 160, "UCS-2": 70}
_EACH_OF_SEVERAL = {"GSM-7": 153, "UCS-2": 67}
SAMPLE_CODE = "000000"
SAMPLE_LINK = "0000000000"


@dataclass(frozen=True, slots=True)
class SmsText:
    """A text and what it costs to send: `length` in units of its encoding, of which one part holds `limit`."""

    text: str
    parts: int
    encoding: str
    length: int

    @property
    def limit(self) -> int:
        """Units that one part holds."""
        return _ONE_PART[self.encoding]

    def __repr__(self) -> str:  # the text holds a code
        return f"SmsText({self.encoding}, {self.length}, parts={self.parts})"


@dataclass(frozen=True, slots=True)
class Preview:
    """One of the two templates, filled with a sample, for the settings page."""

    template: str  # code | card
    sms: SmsText
    has_warning: bool
    has_link: bool
    has_origin: bool


def measure(text: str) -> SmsText:
    """Count a text as networks do."""
    if all(c in _GSM or c in _GSM_DOUBLE for c in text):
        encoding, length = "GSM-7", sum(2 if c in _GSM_DOUBLE else 1 for c in text)
    else:
        encoding, length = "UCS-2", len(text.encode("utf-16-be")) // 2
    parts = 1 if length <= _ONE_PART[encoding] else -(-length // _EACH_OF_SEVERAL[encoding])
    return SmsText(text, parts, encoding, length)


def compose(language: str, *, code: str, host: str, card_link: str | None = None) -> SmsText:
    """The richest text that fits in one part. `host` may carry a port; `card_link` only where the card was asked for."""
    _ = translations(language).gettext
    plain = _("Code %(code)s.") % {"code": code}
    warned = _("Code %(code)s. Tell nobody.") % {"code": code}
    origin = f"@{host.partition(':')[0]} #{code}"
    bare = (card_link or "").partition("://")[2]
    candidates = [[warned, origin], [plain, origin], [warned], [plain]]
    if card_link:
        named = _("Card: %(link)s")
        candidates[:0] = [
            [warned, named % {"link": card_link}, origin],
            [plain, named % {"link": card_link}, origin],
            [plain, named % {"link": bare}, origin],
            [plain, bare, origin],
        ]
    texts = (measure("\n".join(lines)) for lines in candidates)
    return next((sms for sms in texts if sms.parts == 1), measure(plain))


def card_link(base_url: str, link: str) -> str:
    """The address of a card as an SMS says it."""
    return f"{base_url}/l/{link}"


def fits_link(language: str, base_url: str) -> bool:
    """Whether an SMS holds the card's link: codes and links are all of one length, so the language and the host decide."""
    return preview(language, base_url)[1].has_link


def preview(language: str, base_url: str) -> tuple[Preview, Preview]:
    """Both templates as a guest would get them at this address."""
    host = urlsplit(base_url).netloc
    without = compose(language, code=SAMPLE_CODE, host=host)
    with_link = compose(language, code=SAMPLE_CODE, host=host, card_link=card_link(base_url, SAMPLE_LINK))
    return _preview("code", language, without), _preview("card", language, with_link)


def _preview(template: str, language: str, sms: SmsText) -> Preview:
    warned = translations(language).gettext("Code %(code)s. Tell nobody.") % {"code": SAMPLE_CODE}
    lines = sms.text.split("\n")
    return Preview(template, sms, lines[0] == warned, SAMPLE_LINK in sms.text, lines[-1].startswith("@"))
