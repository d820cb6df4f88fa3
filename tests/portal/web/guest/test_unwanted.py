"""A15: whoever is bombed with codes ends it by the link in the SMS, at every venue, and nobody is told why."""

import re

import pytest

from portal.signup.models import PhoneVerification
from portal.signup.unwanted import LASTS
from portal.sms.models import SmsMessage
from tests.support.signups import E164, PHONE, World, leave_phone, scan


def link_of(world: World) -> str:
    """The short link that stands in the newest SMS."""
    return "/l/" + world.rows(PhoneVerification)[-1].link


def bombed(world: World) -> str:
    """Somebody types a number that is not theirs; returns where the SMS's link leads its owner."""
    client = world.client()
    leave_phone(client, scan(client, world.house.source_code), PHONE)
    found: str = world.client().get(link_of(world)).location
    return found


def tried_again(world: World) -> int:
    """The status that the next attempt with the same number gets, on another device."""
    client = world.client()
    return leave_phone(client, scan(client, world.house.source_code), PHONE).status_code


def test_a15_one_button_behind_the_link_ends_the_codes_for_a_month(world: World) -> None:
    page = bombed(world)
    victim = world.client()
    assert "unwanted" in victim.get(page).text
    asked = victim.get(page + "/unwanted")
    assert "45-67" in asked.text.replace("\u2011", "-") and E164 not in asked.text
    assert world.rows(PhoneVerification)[-1].closed_at is None, "opening the page must change nothing"
    assert victim.post(page + "/unwanted").status_code == 200
    assert world.rows(PhoneVerification)[-1].closed_reason == "unwanted"
    sent = len(world.rows(SmsMessage))
    for days in (0, 6, 10, 12):
        world.later(days=days)
        assert tried_again(world) == 429
    assert len(world.rows(SmsMessage)) == sent
    world.later(days=LASTS.days)
    assert tried_again(world) == 303


def test_a15_the_code_that_had_been_sent_is_worth_nothing_afterwards(world: World) -> None:
    client = world.client()
    page = leave_phone(client, scan(client, world.house.source_code), PHONE).location
    code = world.code()
    by_link = world.client().get(link_of(world)).location
    world.client().post(by_link + "/unwanted")
    assert client.post(page, data={"code": code}).status_code == 422


def test_the_link_still_ends_it_when_the_code_is_over(world: World) -> None:
    client = world.client()
    leave_phone(client, scan(client, world.house.source_code), PHONE)
    world.later(minutes=20)
    page = world.client().get(link_of(world)).location
    assert page.endswith("/unwanted")
    assert world.client().post(page).status_code == 200
    assert tried_again(world) == 429


def test_who_filled_in_the_form_cannot_stop_somebody_elses_number(world: World) -> None:
    """The form's own token proves nothing of the number: else a competitor could lock out guests one by one."""
    client = world.client()
    page = leave_phone(client, scan(client, world.house.source_code), PHONE).location
    assert "/unwanted" not in client.get(page).text
    assert client.post(page + "/unwanted").status_code == 200
    assert world.rows(PhoneVerification)[-1].closed_at is None
    world.later(minutes=2)
    assert tried_again(world) == 303


def test_nothing_tells_a_stopped_number_from_a_full_limit(world: World) -> None:
    world.client().post(bombed(world) + "/unwanted")
    client = world.client()
    stopped = leave_phone(client, scan(client, world.house.source_code), PHONE)
    world.change_venue(sms_stopped_qr=True)
    other = leave_phone(client, scan(client, world.house.source_code), "8 903 765-43-21")
    said = [re.search(r'id="phone-wrong"[^>]*>([^<]+)<', answer.text) for answer in (stopped, other)]
    assert said[0] and said[1] and said[0][1] == said[1][1]


@pytest.mark.parametrize("path", ["/verify/of-some-other-house/unwanted"])
def test_a_token_that_is_not_ours_gets_the_page_of_an_old_link(world: World, path: str) -> None:
    assert world.client().get(path).status_code == 400
    assert world.client().post(path).status_code == 400
