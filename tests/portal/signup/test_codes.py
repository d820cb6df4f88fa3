"""The six digits."""

from collections import Counter
from dataclasses import replace

import pytest

from portal.core.tokens import Keys
from portal.signup.codes import code_fits, code_for, read_code

KEYS = Keys(b"k" * 32, (), b"i" * 32)


def test_a_code_is_six_digits_and_the_same_each_time():
    first = code_for(KEYS, "nonce-1", "+79031234567")
    assert first == code_for(KEYS, "nonce-1", "+79031234567")
    assert len(first) == 6 and first.isdigit()


def test_a_code_belongs_to_one_number_and_one_verification():
    here = code_for(KEYS, "nonce-1", "+79031234567")
    assert not code_fits(KEYS, "nonce-2", "+79031234567", here)
    assert not code_fits(KEYS, "nonce-1", "+79031234568", here)


def test_codes_are_spread_evenly_over_the_first_digit():
    firsts = Counter(code_for(KEYS, str(i), "+79031234567")[0] for i in range(20_000))
    assert set(firsts) == set("0123456789")
    assert all(1700 < n < 2300 for n in firsts.values())


def test_a_code_survives_the_rotation_of_the_server_key():
    code = code_for(KEYS, "nonce", "+79031234567")
    rotated = replace(KEYS, secret=b"n" * 32, fallbacks=(b"k" * 32,))
    assert code_fits(rotated, "nonce", "+79031234567", code)
    assert not code_fits(replace(rotated, fallbacks=()), "nonce", "+79031234567", code)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"), (" 123 456 ", "123456"), ("код: 123 456", "123456"), ("123-456", "123456"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", "123456"), ("\u0661\u0662\u0663\u0664\u0665\u0666", "123456"),
        ("12345", ""), ("1234567", ""), ("", ""), ("код", ""), ("1" * 10_000, ""),
    ],
)  # fmt: skip
def test_what_was_typed_or_pasted_is_read_as_six_digits(typed, read):
    assert read_code(typed) == read
