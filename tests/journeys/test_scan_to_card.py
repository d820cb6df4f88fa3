"""A guest scans the code on the table, proves a phone and holds a card. Told through the portal's pages."""

import re

from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.guests.models import Guest
from portal.signup.models import PhoneVerification
from tests.support.signups import leave_phone, scan, type_code, visit_token


def test_a_guest_scans_types_phone_and_code_and_sees_the_card(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    assert world.rows(Visit) == []  # the landing writes nothing
    client.get(re.search(r'src="(/seen/[^"]+)"', page).group(1))
    assert world.rows(Visit)[0].seen_at == world.now
    code_page = client.get(leave_phone(client, page).location)
    assert code_page.status_code == 200 and 'autocomplete="one-time-code"' in code_page.text
    done = type_code(client, code_page.request.path, f"код: {world.code()[:3]} {world.code()[3:]}")
    card = client.get(done.location)
    assert card.status_code == 200 and world.rows(Card)[0].number[-4:] in card.text.replace(" ", "").replace("\xa0", "")
    visit = world.rows(Visit)[0]
    assert visit.source_id == world.house.source_id and visit.card_at and visit.verified_at


def test_the_whole_story_works_without_any_cookie(world):
    page = scan(world.client(), world.house.source_code)
    answer = leave_phone(world.client(), page)
    assert world.client().get(answer.location).status_code == 200
    assert type_code(world.client(), answer.location, world.code()).status_code == 303


def test_a_guest_who_left_to_read_the_sms_resumes_with_the_same_code_and_no_second_sms(world):
    page = scan(world.client(), world.house.source_code)
    url = leave_phone(world.client(), page).location
    code = world.code()
    world.later(minutes=5)
    again = leave_phone(world.client(), page)  # the window was closed; the form is sent again
    assert len(world.delivered) == 1
    assert type_code(world.client(), again.location, code).status_code == 303
    assert url != again.location


def test_a_returning_guest_gets_the_same_card_and_is_counted_as_returning(world):
    for _ in range(2):
        client = world.client()
        answer = leave_phone(client, scan(client, world.house.source_code))
        type_code(client, answer.location, world.code())
        world.later(days=3)
    assert len(world.rows(Card)) == len(world.rows(Guest)) == 1
    assert [v.is_returning for v in world.rows(Visit)] == [False, True]


def test_known_and_unknown_numbers_get_the_same_answers(world):
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code))
    type_code(client, answer.location, world.code())
    world.later(days=1)

    def tell(phone):
        browser = world.client()
        form = leave_phone(browser, scan(browser, world.house.source_code), phone)
        return form.status_code, re.sub(r'/verify/[^/"]+', "", browser.get(form.location).text).replace("67", "00")

    assert tell("8 903 123-45-67") == tell("8 905 999-45-00")


def test_wrong_number_returns_to_the_form_with_everything_kept(world):
    client = world.client()
    url = leave_phone(client, scan(client, world.house.source_code)).location
    form = client.get(f"{url}/number").text
    assert 'value="+79031234567"' in form and "checked" in form
    again = client.post("/signup", data={"visit": visit_token(form), "phone": "8 905 111-22-33", "box_card": _box(form)})
    assert again.status_code == 303
    assert [v.phone for v in world.rows(PhoneVerification) if v.closed_at is None] == ["+79051112233"]
    assert len(world.rows(Visit)) == 1


def test_the_link_in_the_sms_shows_the_code_form_before_the_code_and_the_card_after_it(world):
    client = world.client()
    leave_phone(client, scan(client, world.house.source_code))
    link = f"/l/{world.rows(PhoneVerification)[0].link}"
    before = world.client().get(link)
    assert before.location.startswith("/verify/")
    type_code(world.client(), before.location, world.code())
    assert world.client().get(link).location.startswith("/c/")
    assert world.client().get("/l/0000000000").status_code == 404


def test_unknown_codes_land_on_a_helpful_page_and_retired_ones_still_land(world):
    from portal.acquisition.models import Source

    unknown = world.client().get("/s/nothing")
    assert unknown.status_code == 404 and "<h1" in unknown.text
    with world.database.writing() as session:
        session.get(Source, world.house.source_id).retired_at = world.now
    assert world.client().get(f"/s/{world.house.source_code}").status_code == 200


def _box(page):
    return re.search(r'name="box_card" value="(\d+)"', page).group(1)


def test_a_companion_on_the_same_phone_signs_up_as_a_visit_of_their_own(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    type_code(client, leave_phone(client, page).location, world.code())
    answer = leave_phone(client, page, "8 905 111-22-33")
    assert type_code(client, answer.location, world.code("+79051112233")).status_code == 303
    assert len(world.rows(Card)) == len(world.rows(Guest)) == 2
    assert len({v.guest_id for v in world.rows(Visit)}) == 2


def test_a_replaced_number_is_sent_no_more_codes(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    old = leave_phone(client, page).location
    leave_phone(client, page, "8 905 111-22-33")
    world.later(minutes=11)
    assert client.post(f"{old}/resend").status_code == 429
    assert len(world.delivered) == 2
