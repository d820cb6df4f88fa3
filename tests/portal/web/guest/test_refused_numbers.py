"""What a guest is told whose number cannot be used: what is wrong, and the other way in that this place really has."""

import pytest

from portal.core.phone import PhoneRefused, parse_phone
from tests.support.signups import World, scan, visit_token
from tests.support.simulator import signed_redirect

REFUSED = {"empty": "", "unreadable": "12", "region": "+49 1512 3456789", "not_mobile": "+7 495 123-45-67"}
WRONG = {
    ("en", "empty"): "The number is missing.",
    ("en", "unreadable"): "This does not look like a phone number.",
    ("en", "region"): "We cannot send a code to numbers of this country.",
    ("en", "not_mobile"): "This number cannot receive SMS.",
    ("ru", "empty"): "Номера нет.",
    ("ru", "unreadable"): "Не похоже на номер телефона.",
    ("ru", "region"): "На номера этой страны мы не отправляем код.",
    ("ru", "not_mobile"): "На этот номер SMS не придёт.",
}
VOUCHER = {"en": "ask the staff for a voucher", "ru": "попросите у сотрудника ваучер"}
STAFF = {"en": "If that does not help, ask the staff.", "ru": "Если не получается, обратитесь к сотруднику."}


def landing(world: World, path: str, language: str) -> str:
    if path == "qr":
        return scan(world.client(), world.house.source_code, **{"Accept-Language": language})
    arrival = signed_redirect(world.database, world.house, "02aabbccdd01", world.now)
    answer = world.client().get(arrival, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("reason", REFUSED)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_refused_number_is_told_what_is_wrong_and_the_way_that_is_open(world: World, language: str, reason: str) -> None:
    with pytest.raises(PhoneRefused, match=reason):
        parse_phone(REFUSED[reason], ("RU",))
    for vouchers in (False, True):
        world.change_venue(vouchers=vouchers)
        for path in ("wifi", "qr"):
            form = {"visit": visit_token(landing(world, path, language)), "phone": REFUSED[reason]}
            answer = world.client().post("/signup", data=form)
            assert answer.status_code == 422 and WRONG[language, reason] in answer.text
            by_voucher = vouchers and path == "wifi"
            assert (VOUCHER[language] in answer.text, STAFF[language] in answer.text) == (by_voucher, not by_voucher)


def test_at_ones_own_data_no_voucher_is_offered(world: World) -> None:
    world.change_venue(vouchers=True)
    client = world.client()
    form = client.get(f"/me/{world.house.venue_code}?lang=en").text.split('name="form" value="')[1].split('"')[0]
    answer = client.post(f"/me/{world.house.venue_code}?lang=en", data={"form": form, "phone": "+7 495 123-45-67"})
    assert answer.status_code == 422
    assert WRONG["en", "not_mobile"] in answer.text and STAFF["en"] in answer.text and VOUCHER["en"] not in answer.text
