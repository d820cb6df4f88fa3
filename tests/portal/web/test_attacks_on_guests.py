"""Attacks on the guest's way, by their numbers in the attack list, where no room's own tests hold them."""

import base64
import html
import json
import re
from urllib.parse import urlencode, urlsplit

import pytest

from portal.acquisition.models import Source, Visit
from portal.cards.models import Card
from portal.consent import documents
from portal.core.phone import PhoneRefused, parse_phone
from portal.gateways.simulator import sign_arrival
from portal.guests.models import Guest
from portal.signup.models import PhoneVerification
from portal.venues import directory
from portal.venues.models import GatewayConfig
from tests.support.house import build_house
from tests.support.persons import KINDS
from tests.support.signups import E164, PHONE, World, box_values, leave_phone, scan, type_code, visit_token

HOSTILE_URLS = (
    "javascript:alert(1)", "JaVaScRiPt://evil.example/%0aalert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example/",
    "///evil.example", "/\\evil.example", "http:evil.example", "https://teremok.example@evil.example/", "http://evil.example\\@x/",
    "http://evil.example/\r\nSet-Cookie: a=b", "ftp://evil.example/", "http://\u202eevil.example/", "https://evil.example/ok",
)  # fmt: skip


def wifi(world: World, url: str, mac: str = "02:aa:bb:cc:dd:01") -> str:
    """A redirect that the gateway itself has signed."""
    values = {"mac": mac, "ip": "10.0.0.9", "url": url, "ts": str(int(world.now.timestamp()))}
    signature = sign_arrival(world.rows(GatewayConfig)[0].secret, values)
    return f"/wifi/{world.house.venue_code}?{urlencode({**values, 'sig': signature})}"


def hosts_led_to(page: str) -> set[str]:
    """Hosts (and schemes that have none) of everything that a page links, loads or sends its forms to; "" is our own."""
    found = re.findall(r'(?:href|src|action|content)="([^"]*)"', page)
    parts = [urlsplit(html.unescape(url)) for url in found if url != "data:," and not url.startswith("data:image/")]
    return {part.netloc or (part.scheme and f"{part.scheme}:") for part in parts}


@pytest.mark.parametrize("url", HOSTILE_URLS, ids=range(len(HOSTILE_URLS)))
def test_a3_wherever_the_guest_wanted_to_go_the_way_ends_at_our_own_page(world: World, url: str) -> None:
    client = world.client()
    landing = client.get(wifi(world, url))
    assert landing.status_code == 200 and hosts_led_to(landing.text) == {""}
    done = type_code(client, leave_phone(client, landing.text, boxes=()).location, world.code())
    gateway = world.rows(GatewayConfig)[0].base_url
    assert done.status_code == 303 and done.location.startswith(f"{gateway}/let-in/")
    body = done.location.rpartition("/")[2].partition(".")[0]
    ticket = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert ticket["back"].startswith(f"{world.settings.base_url}/connected/") and "evil" not in str(ticket)
    status = client.get(ticket["back"].removeprefix(world.settings.base_url))
    assert status.status_code == 200 and "evil.example" not in status.text and hosts_led_to(status.text) == {""}


@pytest.mark.parametrize("name", ["next", "url", "userurl", "dst", "redir", "continue", "return_url", "back"])
def test_a3_no_page_follows_an_address_from_its_query(world: World, name: str) -> None:
    client = world.client()
    page = scan(client, world.house.source_code)
    query = f"?{name}=https://evil.example/"
    form = client.post(f"/signup{query}", data={"visit": visit_token(page), "phone": PHONE, **box_values(page)})
    done = client.post(f"{form.location}{query}", data={"code": world.code()})
    assert (form.status_code, done.status_code) == (303, 303)
    assert form.location.startswith("/verify/") and done.location.startswith("/c/")
    assert hosts_led_to(client.get(f"/s/{world.house.source_code}{query}").text) == {""}


def test_a6_a_planted_cookie_gives_its_planter_nothing_of_what_the_guest_proves(world: World) -> None:
    attacker, victim = world.client(), world.client()
    scan(attacker, world.house.source_code)
    planted = attacker.get_cookie("device")
    assert planted is not None and len(planted.value) >= 22
    victim.set_cookie("device", planted.value)
    form = leave_phone(victim, scan(victim, world.house.source_code))
    card = type_code(victim, form.location, world.code()).location
    mine = attacker.get(f"/s/{world.house.source_code}")
    assert mine.status_code == 200 and card not in mine.text and "45-67" not in mine.text.partition("<main")[2]
    world.later(seconds=61)
    again = leave_phone(attacker, mine.text, "8 905 111-22-33")
    assert again.status_code == 303 and again.location != form.location
    assert type_code(attacker, again.location, world.code(E164)).status_code == 422
    assert "45-67" not in attacker.get(again.location).text


def test_a6_the_address_after_the_code_is_new_and_not_to_be_guessed_from_what_was_before(world: World) -> None:
    client = world.client()
    page = scan(client, world.house.source_code)
    form = leave_phone(client, page)
    before = page + form.location + client.get(form.location).text
    token = type_code(client, form.location, world.code()).location.rpartition("/")[2]
    assert len(token) >= 22 and token not in before
    for name in ("session", "device", "sid", "token"):
        assert "Guest card" not in world.client().get(f"/c/x?{name}={token}").text


def me(world: World, client, venue: str, phone: str = PHONE) -> str:
    """Ask for one's own data; the address of the code page."""
    token = re.search(r'name="form" value="([^"]+)"', client.get(f"/me/{venue}").text)
    assert token is not None
    location: str = client.post(f"/me/{venue}", data={"phone": phone, "form": token[1]}).location
    return location


def test_a19_a_code_proves_only_what_it_was_sent_for(world: World) -> None:
    """Card and own data, the same number at the same time: two codes, and neither fits the other's form."""
    client = world.client()
    card_form = leave_phone(client, scan(client, world.house.source_code)).location
    card_code = world.code()
    me_form = me(world, client, world.house.venue_code)
    me_code = world.code()
    assert card_code != me_code, "one in a million: run again"
    assert type_code(client, card_form, me_code).status_code == 422
    assert type_code(client, me_form, card_code).status_code == 422
    assert world.rows(Guest) == world.rows(Card) == []
    assert [row.attempts for row in world.rows(PhoneVerification)] == [1, 1], "each wrong try counts where it was made"
    assert type_code(client, me_form, me_code).location.startswith("/me/s/")
    assert world.rows(Guest) == world.rows(Card) == [], "proving the number for /me makes nobody a guest"
    assert type_code(client, card_form, card_code).location.startswith("/c/")


def test_a19_a_code_of_another_venue_proves_nothing_here(world: World) -> None:
    with world.database.writing() as session:
        other = build_house(session, "pyshka")
        venue = directory.venue_by_id(session, other.venue_id)
        for document in documents.draft_all(session, venue, venue.legal_entity, world.now, world.settings):
            documents.publish(session, document, world.now)
    client = world.client()
    here = leave_phone(client, scan(client, world.house.source_code)).location
    code_here = world.code()
    there = leave_phone(client, scan(client, other.source_code)).location
    code_there = world.code()
    assert type_code(client, here, code_there).status_code == type_code(client, there, code_here).status_code == 422
    type_code(client, there, code_there)
    assert [guest.legal_entity_id for guest in world.rows(Guest)] == [other.legal_entity_id]
    assert [card.venue_id for card in world.rows(Card)] == [other.venue_id]


def test_a19_boxes_of_another_venues_texts_are_not_taken(world: World) -> None:
    with world.database.writing() as session:
        other = build_house(session, "pyshka")
        venue = directory.venue_by_id(session, other.venue_id)
        foreign = {d.kind: d.id for d in documents.draft_all(session, venue, venue.legal_entity, world.now, world.settings)}
    client = world.client()
    page = scan(client, world.house.source_code)
    form = {"visit": visit_token(page), "phone": PHONE, "box_card": str(foreign[KINDS["card"]])}
    assert client.post("/signup", data=form).status_code == 422
    assert world.rows(PhoneVerification) == []


def test_a20_a_code_is_worth_nothing_after_its_number_was_erased(world: World) -> None:
    client = world.client()
    type_code(client, leave_phone(client, scan(client, world.house.source_code)).location, world.code())
    world.later(hours=2)
    open_form = leave_phone(world.client(), scan(world.client(), world.house.source_code)).location
    open_code = world.code()
    mine = type_code(client, me(world, client, world.house.venue_code), world.code()).location
    assert client.post(f"{mine}/erase").status_code == 303
    assert type_code(client, open_form, open_code).status_code == 422
    assert world.rows(Guest) == world.rows(Card) == []


def test_a20_a_code_is_worth_nothing_after_it_was_used_replaced_or_grew_old(world: World) -> None:
    client = world.client()
    used = leave_phone(client, scan(client, world.house.source_code)).location
    code = world.code()
    assert type_code(client, used, code).status_code == 303
    world.later(minutes=3)
    assert type_code(client, used, code).status_code == 422
    other = world.client()
    page = scan(other, world.house.source_code)
    replaced, old_code = leave_phone(other, page, "8 905 111-22-33").location, world.code("+79051112233")
    grows_old, late_code = leave_phone(other, page, "8 905 111-22-44").location, world.code("+79051112244")
    assert type_code(other, replaced, old_code).status_code == 422
    world.later(minutes=10, seconds=1)
    assert type_code(other, grows_old, late_code).status_code == 422
    assert len(world.rows(Card)) == 1


SAME_NUMBER = (
    "٨٩٠٣١٢٣٤٥٦٧", "８９０３１２３４５６７", "+７ (９０３) １２３-４５-６７", "8\u200b903\u200d123\u206045\u202e67",
    "\u202a+79031234567\u202c",
    "8\u00a0903\u2009123\u201145\u201167", "𝟖𝟗𝟎𝟑𝟏𝟐𝟑𝟒𝟓𝟔𝟕", "۸۹۰۳۱۲۳۴۵۶۷", "﹢79031234567", "8 903 123—45—67",
)  # fmt: skip
OTHER_WRITINGS = (
    "89031234567", "+79031234567", "79031234567", "9031234567", "0079031234567", "8-903-123-45-67", "8 (903) 123 45 67",
    "+7.903.123.45.67", " 8 903 1234567 ", "tel:+79031234567", "8(903)1234567",
)  # fmt: skip


@pytest.mark.parametrize("typed", SAME_NUMBER, ids=ascii)
def test_a37_a_number_in_any_digits_is_that_number(typed: str) -> None:
    assert parse_phone(typed, ("RU",)).e164 == E164


@pytest.mark.parametrize("typed", OTHER_WRITINGS)
def test_a38_a_number_in_any_writing_is_that_number(typed: str) -> None:
    assert parse_phone(typed, ("RU",)).e164 == E164


@pytest.mark.parametrize(
    "typed",
    ["8903123456І", "8 9O3 123 45 67", "89031234567 доб. 5", "89031234567;ext=5", "+79031234567,123", "8²9031234567", "Ⅷ903"],
)
def test_a37_a38_what_only_looks_like_a_number_is_refused(typed: str) -> None:
    with pytest.raises(PhoneRefused):
        parse_phone(typed, ("RU",))


def test_a37_a_code_in_any_digits_is_that_code(world: World) -> None:
    client = world.client()
    form = leave_phone(client, scan(client, world.house.source_code))
    arabic = "".join(chr(ord("٠") + int(digit)) for digit in world.code())
    assert type_code(client, form.location, f"\u202e{arabic[:3]}\u200b {arabic[3:]}").status_code == 303


def test_a37_what_turns_text_around_is_not_kept_of_names_and_links(world: World) -> None:
    world.change_venue(fields={"name": "optional"})
    client = world.client()
    page = client.get(f"/v/{world.house.venue_code}?utm_source=\u202evk\u200b").text
    assert "\u202e" not in page
    form = {"visit": visit_token(page), "phone": PHONE, **box_values(page), "name": "А\u202eн\u200bна\u0000\u2066"}
    done = client.post("/signup", data=form)
    type_code(client, done.location, world.code())
    assert [guest.name for guest in world.rows(Guest)] == ["Анна"]
    assert [visit.utm_raw for visit in world.rows(Visit)] == ["utm_source=vk"]


def test_a10_what_belongs_to_one_venue_is_not_reached_through_another(world: World) -> None:
    """Documents are addressed by venue and version: another venue's version number opens nothing of the first one's."""
    with world.database.writing() as session:
        other = build_house(session, "pyshka")
        session.get_one(Source, other.source_id).retired_at = None
    client = world.client()
    assert client.get(f"/d/{world.house.venue_code}/card_consent/1/ru").status_code == 200
    assert client.get(f"/d/{other.venue_code}/card_consent/1/ru").status_code == 404
    for path in ("/c/1", "/c/0", "/l/1", "/connected/1", "/me/s/1", "/verify/1", "/voucher/1", "/form/1"):
        assert client.get(path).status_code in (400, 404)
