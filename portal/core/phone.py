"""Phone numbers: parsed once at the border with libphonenumber's rules, E.164 inside."""

import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

MAX_TYPED = 60
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


@dataclass(frozen=True, slots=True)
class PhoneRefused(Exception):
    """Why a typed number was refused: `empty`, `unreadable`, `region` or `not_mobile`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Phone:
    """One mobile number. `e164` is the only form that is stored or compared; never print it whole."""

    e164: str

    @property
    def prefix(self) -> str:
        """The number without its last four digits: the block that SMS pumping walks through."""
        return self.e164[:-4]

    @property
    def masked(self) -> str:
        """Safe to show to the person who typed it and to write into a log: `+7 ••• ••• 45-67`."""
        return f"{self.e164[:2]} ••• ••• {self.e164[-4:-2]}-{self.e164[-2:]}"

    def __repr__(self) -> str:
        return f"Phone({self.masked})"

    __str__ = __repr__


def parse_phone(typed: str, regions: tuple[str, ...], default_region: str = "RU") -> Phone:
    """Read a number as people type it (8…, +7…, 7…, brackets, full-width or Arabic digits).

    `regions` are ISO 3166 codes that may receive our SMS; +7 alone says nothing (Russia and Kazakhstan share it).
    Raises PhoneRefused.
    """
    text = "".join(c for c in unicodedata.normalize("NFKC", typed) if unicodedata.category(c) != "Cf").strip()
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
    if not text:
        raise PhoneRefused("empty")
    if len(text) > MAX_TYPED:
        raise PhoneRefused("unreadable")
    try:
        number = phonenumbers.parse(_with_plus(text), default_region)
    except NumberParseException as error:
        raise PhoneRefused("unreadable") from error
    region = phonenumbers.region_code_for_number(number) or ""  # looked up once: the library's short ways do it each time
    if number.extension or not phonenumbers.is_valid_number_for_region(number, region):
        raise PhoneRefused("unreadable")
    if region not in regions:
        raise PhoneRefused("region")
    if phonenumbers.number_type(number) not in _MOBILE:
        raise PhoneRefused("not_mobile")
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def phone_from_e164(e164: str) -> Phone:
    """A number that was parsed and stored before."""
    return Phone(e164)


def _with_plus(text: str) -> str:
    """`7 903 …` and `007 903 …` are how people write +7 without the plus; libphonenumber would call them local."""
    digits = "".join(c for c in text if c.isdigit())
    if text.lstrip("( ").startswith("+"):
        return text
    if digits.startswith("007") and len(digits) == 13:
        return "+" + digits[2:]
    if digits.startswith("7") and len(digits) == 11:
        return "+" + digits
    return text
