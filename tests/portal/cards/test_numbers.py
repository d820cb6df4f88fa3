import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cards.numbers import BadCardRange, check_digit, grouped, is_valid, new_number


@pytest.mark.parametrize(("body", "digit"), [("7992739871", "3"), ("411111111111111", "1"), ("0", "0"), ("1", "8")])
def test_the_check_digit_is_luhns(body: str, digit: str) -> None:
    assert check_digit(body) == digit


@given(st.sampled_from(["", "20", "2999"]), st.integers(11, 20))
def test_every_number_is_ascii_of_its_length_and_checks(prefix: str, digits: int) -> None:
    number = new_number(prefix, digits)
    assert len(number) == digits and number.startswith(prefix) and number.isascii() and number.isdigit()
    assert is_valid(number)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_caught(body: str, place: int, shift: int) -> None:
    number = body + check_digit(body)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not is_valid(wrong)


@pytest.mark.parametrize("number", ["", "0", "٢٠١٢٣٤٥", "20-1234", "20123456789 3"])
def test_what_is_not_ascii_digits_is_not_a_number(number: str) -> None:
    assert not is_valid(number)


@pytest.mark.parametrize(("prefix", "digits"), [("20", 8), ("2", 21), ("2x", 13), ("٢٠", 13), ("20", 0)])
def test_a_range_without_room_is_refused(prefix: str, digits: int) -> None:
    with pytest.raises(BadCardRange):
        new_number(prefix, digits)


def test_the_number_is_read_in_fours() -> None:
    assert grouped("2012345678903") == "2012 3456 7890 3"
