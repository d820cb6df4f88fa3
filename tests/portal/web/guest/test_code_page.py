"""The code page in a browser: the pasted code, the wait, the news of the SMS."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from tests.support.signups import PHONE, World

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def code_page(world: World, page: Page, address: str) -> Page:
    """A phone that has just asked for its code, with a clock that can be moved."""
    page.clock.install()
    page.goto(f"{address}/s/{world.house.source_code}?lang=en")
    page.fill("#phone", PHONE)
    page.check("#box_card")
    page.click("button[type=submit]")
    page.wait_for_url(re.compile("/verify/"))
    return page


def test_a_code_pasted_with_words_around_it_goes_off_by_itself(world: World, code_page: Page) -> None:
    code = world.code()
    code_page.fill("#code", f"код: {code[:3]} {code[3:]}")
    code_page.wait_for_url(re.compile("/c/"))
    assert [row.attempts for row in world.rows(PhoneVerification)] == [1]


def test_five_digits_wait_for_the_sixth(world: World, code_page: Page) -> None:
    code_page.fill("#code", world.code()[:5])
    code_page.clock.fast_forward(2000)
    assert "/verify/" in code_page.url
    assert [row.attempts for row in world.rows(PhoneVerification)] == [0]


def test_the_button_for_a_new_sms_opens_when_the_wait_is_over(code_page: Page) -> None:
    again = code_page.get_by_role("button", name="Send the code again")
    expect(again).to_be_disabled()
    expect(code_page.locator("#again-left")).to_have_text("1:00")
    code_page.clock.fast_forward(30_000)
    expect(code_page.locator("#again-left")).to_have_text("0:30")
    code_page.clock.fast_forward(31_000)
    expect(again).to_be_enabled()
    expect(code_page.locator("#again-when")).to_be_hidden()


def test_the_page_learns_that_the_sms_was_delivered(world: World, code_page: Page) -> None:
    expect(code_page.locator("#sms-state")).to_contain_text("Sending to")
    with world.database.writing() as session:
        session.query(SmsMessage).update({"status": "delivered", "sent_at": world.now, "delivered_at": world.now})
    code_page.clock.fast_forward(5_000)
    expect(code_page.locator("#sms-state")).to_contain_text("Delivered to")


def test_the_page_learns_that_the_sms_is_late_and_shows_what_else_can_be_done(world: World, code_page: Page) -> None:
    expect(code_page.get_by_text("Ask the staff: they will help.")).to_be_hidden()
    world.later(seconds=50)
    code_page.clock.fast_forward(51_000)
    expect(code_page.locator("#sms-state")).to_contain_text("taking longer than usual")
    expect(code_page.get_by_text("Ask the staff: they will help.")).to_be_visible()
