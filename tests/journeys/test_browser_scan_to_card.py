"""Scan to card in a real browser: both languages, with and without scripts and cookies, with the window lost midway."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.signup.models import PhoneVerification
from tests.support.browsing import served
from tests.support.handset import Handset, Kind, handset
from tests.support.signups import PHONE, World

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

KINDS = (Kind("ru"), Kind("en", cookies=False), Kind("ru", scripts=False, cookies=False), Kind("en", scripts=False))


@contextmanager
def scanned(world: World, browser: Browser, kind: Kind) -> Iterator[Handset]:
    """The landing of the table's code, just opened."""
    with served(world.app, cookies=kind.cookies) as address, handset(browser, kind, base_url=address) as phone:
        phone.page.goto(f"/s/{world.house.source_code}", wait_until="networkidle")
        yield phone


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a45_scan_to_card(world: World, browser: Browser, kind: Kind) -> None:
    with scanned(world, browser, kind) as phone:
        ours = {urlsplit(phone.page.url).netloc}
        assert phone.kinds() == ["document", "image"], "the page, and the one picture that says that it was seen"
        expect(phone.page.locator("html")).to_have_attribute("lang", kind.language)
        phone.leave_phone(PHONE, "box_card")
        phone.type_code(world.code(), press=not kind.scripts)
        phone.page.wait_for_url("**/c/*")
        card = world.rows(Card)[0]
        shown = phone.page.locator(".number").inner_text()
        assert "".join(c for c in shown if c.isdigit()) == card.number
        assert bool(phone.page.context.cookies()) == kind.cookies
        phone.page.wait_for_load_state("networkidle")
        assert phone.hosts() == ours
        assert phone.complaints == []
    visit = world.rows(Visit)[0]
    assert visit.seen_at and visit.verified_at and visit.card_at
    assert (visit.visitor_class, visit.language, visit.source_id) == ("guest", kind.language, world.house.source_id)
    assert len(world.rows(Visit)) == 1


@pytest.mark.parametrize("kind", [Kind("ru", cookies=False), Kind("en", scripts=False)], ids=str)
def test_a_window_closed_between_phone_and_code_is_made_up_for_by_the_link_in_the_sms(
    world: World, browser: Browser, kind: Kind
) -> None:
    with scanned(world, browser, kind) as phone:
        phone.leave_phone(PHONE, "box_card")
        address = phone.page.url.partition("/verify/")[0]
        phone.page.context.close()
        with handset(browser, kind) as again:
            link = f"{address}/l/{world.rows(PhoneVerification)[0].link}"
            again.page.goto(link)
            expect(again.page.locator("html")).to_have_attribute("lang", kind.language)
            again.type_code(world.code(), press=not kind.scripts)
            again.page.wait_for_url("**/c/*")
            again.page.goto(link)  # the SMS is still there tomorrow, and now it opens the card
            assert "/c/" in again.page.url and again.complaints == []
    assert len(world.delivered) == len(world.rows(Card)) == len(world.rows(Visit)) == 1


def test_a_wrong_code_and_a_wrong_number_are_put_right_without_scripts(world: World, browser: Browser) -> None:
    with scanned(world, browser, Kind("ru", scripts=False, cookies=False)) as phone:
        phone.leave_phone("8 905 111-22-33", "box_card")
        phone.type_code("000000" if world.code("+79051112233") != "000000" else "111111", press=True)
        expect(phone.page.locator("#code-wrong")).to_be_visible()
        phone.page.locator("form[action$='/number'] button").click()
        expect(phone.page.locator("#phone")).to_have_value("+79051112233")
        expect(phone.page.locator("#box_card")).to_be_checked()
        phone.leave_phone(PHONE)
        phone.type_code(world.code(), press=True)
        phone.page.wait_for_url("**/c/*")
    assert len(world.rows(Visit)) == len(world.rows(Card)) == 1
