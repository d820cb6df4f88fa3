"""`vestibule access` as it is typed."""

import json

import pytest


@pytest.fixture
def vestibule(cli):
    return lambda *arguments, stdin="": cli("access", *arguments, input=stdin)


def test_a_block_is_made_listed_under_a_mask_and_taken_back(vestibule, house):
    typed = ("--phone-stdin", "--mac", "02aa.bbcc.dd01", "--reason", "шум")
    made = vestibule("block", "--venue", house.venue_code, *typed, stdin="8 903 123-45-67\n")
    assert made.exit_code == 0, made.output
    listed = vestibule("list", "--json").output
    (row,) = json.loads(listed)
    assert (row["mac"], row["reason"]) == ("02:aa:bb:cc:dd:01", "шум") and "9031234567" not in listed
    assert vestibule("unblock", str(row["number"])).exit_code == 0
    assert json.loads(vestibule("list", "--json").output) == []
    again = vestibule("unblock", str(row["number"]))
    assert again.exit_code == 1 and "no such block" in again.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--venue", "nowhere", "--phone-stdin"], "vestibule venue list"),
        (["--venue", "teremok", "--phone-stdin"], "no mobile number"),
        (["--venue", "teremok", "--mac", "02:aa"], "no MAC address"),
        (["--venue", "teremok"], "name a phone or a MAC"),
    ],
)
def test_what_is_wrong_is_said(vestibule, house, arguments, said):
    answer = vestibule("block", *arguments, "--reason", "шум", stdin="8 800\n")
    assert answer.exit_code == 1 and said in answer.output


def test_a_number_is_never_an_argument(vestibule, house):
    refused = vestibule("block", "--venue", house.venue_code, "--phone", "8 903 123-45-67", "--reason", "шум")
    assert refused.exit_code == 2 and json.loads(vestibule("list", "--json").output) == []
