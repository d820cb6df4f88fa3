"""Card numbers: ASCII digits, a configured beginning, a random middle, and a check digit that a till can verify.

The check digit is Luhn's (ISO/IEC 7812-1, annex B): it catches every single wrong digit and most swaps of two neighbours
when a number is typed by hand.
"""

import secrets

from portal.core.errors import PortalError

MAX_DIGITS = 20
MIN_RANDOM = 6


class BadCardRange(PortalError):
    """`bad_card_range`: the legal entity's prefix and length leave no room for random digits."""


def new_number(prefix: str, digits: int) -> str:
    """A number of `digits` digits in all, beginning with `prefix`. Raises BadCardRange."""
    check_range(prefix, digits)
    middle = digits - len(prefix) - 1
    body = prefix + f"{secrets.randbelow(10**middle):0{middle}d}"
    return body + check_digit(body)


def check_range(prefix: str, digits: int) -> None:
    """Refuse a range that could not hold a venue's cards. Raises BadCardRange."""
    if prefix and not (prefix.isascii() and prefix.isdigit()):
        raise BadCardRange("bad_card_range", prefix=prefix)
    if digits > MAX_DIGITS or digits - len(prefix) - 1 < MIN_RANDOM:
        raise BadCardRange("bad_card_range", digits=digits)


def check_digit(body: str) -> str:
    """Luhn's digit for a number that has none yet."""
    total = 0
    for place, char in enumerate(reversed(body)):
        digit = int(char) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def is_valid(number: str) -> bool:
    """True for ASCII digits whose last one is the check digit of the rest."""
    return number.isascii() and number.isdigit() and len(number) > 1 and check_digit(number[:-1]) == number[-1]


def grouped(number: str) -> str:
    """The number as people read it aloud: groups of four from the left, divided by spaces."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
