"""Every attack that this product has promised to withstand has a test that tries it, and the register stays true."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

# What is attacked, and where else than under its own number (`a<NN>_` in the name of a test) it is tried.
WEB, DASHBOARD = "tests/portal/web", "tests/portal/web/dashboard"
ATTACKS: dict[int, tuple[str, dict[str, tuple[str, ...]]]] = {
    3: ("open redirect", {"tests/contracts/test_gateways.py": ("test_only_plain_web_addresses_are_ever_followed",)}),
    4: ("poisoned Host", {f"{WEB}/test_errors.py": ("test_a_host_that_is_not_ours_gets_a_page_too",)}),
    5: ("cross-site forms", {f"{DASHBOARD}/test_sign_in.py": ("test_every_form_of_the_dashboard_is_refused_without_its_token",)}),
    6: (
        "session fixation",
        {f"{DASHBOARD}/test_sign_in.py": ("test_signing_in_gives_a_new_id_and_keeps_nothing_of_the_cookie_from_before",)},
    ),
    7: (
        "script in a value",
        {f"{DASHBOARD}/test_source_pages.py": ("test_hostile_labels_and_names_are_text_on_every_page_and_in_the_svg",)},
    ),
    8: ("SQL in a value", {}),
    9: ("formulas in files", {}),
    10: (
        "other people's things by their address",
        {
            f"{WEB}/guest/test_card.py": ("test_another_token_and_a_retired_card_get_the_same_404",),
            f"{WEB}/guest/test_me.py": ("test_another_operators_page_knows_nothing",),
        },
    ),
    13: (
        "guessing staff's passwords",
        {
            f"{DASHBOARD}/test_sign_in.py": (
                "test_the_sixth_try_is_refused_even_with_the_right_password",
                "test_an_address_that_guessed_five_times_is_refused_for_every_login",
                "test_a_wrong_password_and_an_unknown_login_get_the_same_answer",
            ),
            "tests/portal/staff/test_accounts.py": ("test_fifty_tries_at_once_compare_at_most_five",),
            f"{DASHBOARD}/logins/test_second_factor_pages.py": ("test_with_a_second_factor_the_password_alone_opens_nothing",),
            f"{DASHBOARD}/logins/test_account.py": ("test_other_browsers_are_signed_out_all_at_once_or_by_an_owner",),
            f"{DASHBOARD}/logins/test_forgotten.py": (
                "test_a13_the_answer_waits_for_the_same_work_whether_there_is_such_a_login_or_not",
            ),
        },
    ),
    14: (
        "another tenant",
        {
            f"{DASHBOARD}/test_tenants.py": (
                "test_every_page_of_another_organization_answers_as_one_that_does_not_exist",
                "test_no_form_changes_another_organization",
                "test_lists_name_nothing_of_another_organization",
            )
        },
    ),
    15: (
        "bombing a number with SMS",
        {"tests/portal/signup/test_start.py": ("test_a_number_gets_five_sms_a_day_over_all_venues_and_ten_a_week",)},
    ),
    16: (
        "draining a venue's balance",
        {
            "tests/portal/sms/test_budgets.py": (
                "test_roubles_alarm_at_80_percent_and_stop_at_100",
                "test_fifty_forms_at_once_hold_the_cap",
                "test_the_brake_looks_at_the_last_fifty",
            )
        },
    ),
    17: (
        "guessing codes over many numbers",
        {
            "tests/portal/signup/test_completion.py": (
                "test_many_wrong_codes_over_many_numbers_raise_an_alarm",
                "test_a_thousand_parallel_wrong_codes_are_compared_at_most_five_times",
            ),
            "tests/portal/signup/test_start.py": ("test_a_block_of_numbers_gets_twenty_an_hour",),
        },
    ),
    18: ("learning whether a number is known", {}),
    19: (
        "a code for something else",
        {"tests/portal/signup/test_completion.py": ("test_a_code_of_another_verification_does_not_fit",)},
    ),
    20: (
        "a code that is over",
        {"tests/portal/signup/test_completion.py": ("test_an_expired_code_is_refused_and_a_spent_one_opens_nothing_later",)},
    ),
    21: ("secrets in logs", {}),
    22: ("people in addresses", {"tests/architecture/test_routes.py": ("test_nothing_personal_can_stand_in_an_address",)}),
    23: ("caches", {f"{WEB}/guest/test_me.py": ("test_no_page_of_it_is_kept_by_anybody",)}),
    24: ("requests made to exhaust", {f"{WEB}/callbacks/test_smsaero.py": ("test_a_large_body_is_not_read",)}),
    26: ("hostile uploads", {}),
    27: ("addresses that lead inside", {}),
    28: ("texts that are templates", {}),
    29: ("fields that no form has", {f"{DASHBOARD}/test_source_pages.py": ("test_fields_that_no_form_has_are_not_taken",)}),
    33: (
        "evidence changed by who owns the database",
        {
            "tests/portal/consent/test_verify.py": (
                "test_an_edited_row_is_named",
                "test_a_deleted_row_is_named",
                "test_two_rows_that_changed_places_are_named",
                "test_a_backdated_row_is_named_even_when_all_hashes_were_made_anew",
                "test_a_chain_that_was_written_anew_as_a_whole_differs_from_its_signed_heads",
                "test_a_tail_that_was_cut_with_the_head_moved_back_is_named",
            ),
            "tests/portal/consent/test_append_only.py": ("test_after_each_migration_evidence_can_only_be_added",),
        },
    ),
    34: (
        "another text than the one stored",
        {f"{WEB}/guest/test_documents.py": ("test_the_record_holds_the_hash_of_the_page_that_the_guest_saw",)},
    ),
    35: (
        "boxes ticked in advance",
        {
            "tests/portal/consent/test_records.py": ("test_no_box_can_be_ticked_in_advance_or_confirm_two_documents",),
            f"{DASHBOARD}/test_venue_pages.py": ("test_no_page_of_the_dashboard_offers_to_tick_a_guests_box",),
            f"{WEB}/guest/test_templates.py": ("test_no_box_is_ticked_in_advance_and_nothing_opens_another_window",),
        },
    ),
    36: (
        "somebody else's data by their number",
        {
            f"{WEB}/guest/test_me.py": (
                "test_only_the_code_opens_the_page",
                "test_the_code_of_another_number_shows_another_persons_nothing",
            )
        },
    ),
    37: ("odd Unicode", {"tests/portal/signup/test_codes.py": ("test_what_was_typed_or_pasted_is_read_as_six_digits",)}),
    38: ("writings of a number", {"tests/portal/signup/test_start.py": ("test_writings_of_one_number_share_its_limit",)}),
    40: ("sample keys", {"tests/portal/core/test_demo_secrets.py": ("test_a_missing_or_sample_secret_refuses_to_start",)}),
    41: (
        "switches left on",
        {
            f"{WEB}/test_health.py": ("test_metrics_need_their_token",),
            f"{WEB}/test_errors.py": ("test_no_failure_shows_a_trace_a_statement_or_a_number",),
        },
    ),
    44: (
        "leaked keys and people who left",
        {"tests/portal/staff/test_accounts.py": ("test_a_closed_login_has_nothing_to_compare_with_and_loses_its_sessions",)},
    ),
    45: (
        "other hosts",
        {
            "tests/journeys/test_pages.py": ("test_a_page_is_whole_and_open_to_everybody",),
            f"{WEB}/guest/test_templates.py": ("test_nothing_names_another_host",),
        },
    ),
}
# The list, as it was written down there.
PROMISED = {*range(3, 11), *range(13, 25), *range(26, 30), *range(33, 39), 40, 41, 44, 45}


@cache
def names_of_tests(path: Path) -> set[str]:
    """Functions of a file that pytest would run."""
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def numbers_in(name: str) -> set[int]:
    """The attacks in a test's name: `test_a7_a8_what_was_typed_…` tries two."""
    return {int(number) for number in re.findall(r"(?<=_)a(\d{1,2})(?=_)", name)}


def test_every_promised_attack_stands_in_the_register() -> None:
    assert set(ATTACKS) == PROMISED


@pytest.mark.parametrize("number", sorted(ATTACKS), ids=lambda number: f"A{number}")
def test_an_attack_is_tried(number: int) -> None:
    _what, elsewhere = ATTACKS[number]
    own = [name for path in TESTS for name in names_of_tests(path) if number in numbers_in(name)]
    listed = [name for names in elsewhere.values() for name in names]
    assert own or listed


def test_the_register_names_only_tests_that_there_are() -> None:
    missing = [
        f"{file}::{name}"
        for _what, elsewhere in ATTACKS.values()
        for file, names in elsewhere.items()
        for name in names
        if not (ROOT / file).exists() or name not in names_of_tests(ROOT / file)
    ]
    assert missing == []


def test_no_test_claims_an_attack_that_nobody_has_numbered() -> None:
    claimed = {number for path in TESTS for name in names_of_tests(path) for number in numbers_in(name)}
    assert {number for number in claimed if not 1 <= number <= 45} == set()
