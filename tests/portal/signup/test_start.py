"""A form makes one verification and one SMS; limits hold over venues, forms and threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.acquisition.models import Visit
from portal.consent.models import ConsentRecord
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from tests.support.house import build_house
from tests.support.signups import E164, box_values, leave_phone, publish_documents, scan, visit_token


def _phone(i: int) -> str:
    return f"8 903 {i:03d} 11 22"


def test_the_form_writes_visit_declared_consent_verification_and_a_queued_sms(world):
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code))
    assert answer.status_code == 303 and answer.location.startswith("/verify/")
    verification, message = world.rows(PhoneVerification)[0], world.rows(SmsMessage)[0]
    assert (verification.phone, verification.path, verification.card_asked) == (E164, "qr", True)
    assert (message.status, message.verification_id) == ("queued", verification.id)
    assert world.delivered == [message.id]
    assert [(r.event, r.verification_id) for r in world.rows(ConsentRecord)] == [("declared", verification.id)]
    assert world.rows(Visit)[0].phone_at == world.now


def test_nothing_at_rest_holds_the_code(world):
    client = world.client()
    leave_phone(client, scan(client, world.house.source_code))
    code = world.code()
    for model in (PhoneVerification, SmsMessage, Visit):
        for row in world.rows(model):
            stored = {c.key: getattr(row, c.key) for c in row.__table__.columns}
            assert code not in {str(v) for v in stored.values()}


def test_fifty_parallel_submits_of_one_form_make_one_sms(world):
    page = scan(world.client(), world.house.source_code)
    boxes = box_values(page)
    form = {"visit": visit_token(page), "phone": "8 903 123-45-67", "box_card": boxes["box_card"]}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: world.client().post("/signup", data=form).status_code, range(50)))
    assert set(answers) == {303}
    assert len(world.rows(SmsMessage)) == len(world.rows(PhoneVerification)) == len(world.rows(Visit)) == 1
    assert len(world.delivered) == 1


def test_a_changed_number_closes_the_verification_and_starts_a_new_one(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    leave_phone(client, page)
    old_code = world.code()
    answer = leave_phone(client, page, "8 903 765-43-21")
    first, second = world.rows(PhoneVerification)
    assert (first.closed_reason, second.closed_at) == ("replaced", None)
    assert client.post(answer.location, data={"code": old_code}).status_code == 422
    assert client.post(answer.location, data={"code": world.code("+79037654321")}).status_code == 303


def test_a_number_gets_five_sms_a_day_over_all_venues_and_ten_a_week(world):
    with world.database.writing() as session:
        other = build_house(session, "skazka")
        publish_documents(session, other, world.now, world.settings)
    statuses = []
    for i in range(6):
        client = world.client()
        code = (world.house.source_code, other.source_code)[i % 2]
        statuses.append(leave_phone(client, scan(client, code)).status_code)
    assert statuses == [303] * 5 + [429]
    world.later(hours=24, seconds=1)
    for _ in range(5):
        client = world.client()
        assert leave_phone(client, scan(client, other.source_code)).status_code == 303
    world.later(hours=24, seconds=1)
    client = world.client()
    assert leave_phone(client, scan(client, other.source_code)).status_code == 429
    assert len(world.rows(SmsMessage)) == 10


def test_writings_of_one_number_share_its_limit(world):
    writings = ["89031234567", "+7 903 123 45 67", "7 (903) 123-45-67", "007 903 1234567", "8 ９０３ 1234567", "+7-903-123-45-67"]
    clients = [world.client() for _ in writings]
    statuses = [leave_phone(c, scan(c, world.house.source_code), w).status_code for c, w in zip(clients, writings, strict=True)]
    assert statuses == [303] * 5 + [429]


def test_a_device_starts_four_times_an_hour(world):
    client = world.client()
    statuses = [leave_phone(client, scan(client, world.house.source_code), _phone(i)).status_code for i in range(5)]
    assert statuses == [303] * 4 + [429]


def test_a_block_of_numbers_gets_twenty_an_hour(world):
    _free_address(world)
    statuses = []
    for i in range(21):
        client = world.client()
        statuses.append(leave_phone(client, scan(client, world.house.source_code), f"8 903 555 {i:02d} 00").status_code)
        world.later(seconds=61)
    assert statuses == [303] * 20 + [429]


def test_an_address_starts_ten_times_an_hour(world):
    assert _starts_from_one_address(world) == [303] * 10 + [429]


def test_a_venues_own_address_is_never_limited(world):
    _free_address(world)
    assert _starts_from_one_address(world) == [303] * 11


def _starts_from_one_address(world):
    statuses = []
    for i in range(11):
        client = world.client()
        statuses.append(leave_phone(client, scan(client, world.house.source_code), _phone(i)).status_code)
        world.later(seconds=61)
    return statuses


def test_a_refused_start_keeps_what_was_typed_and_costs_the_other_limits_nothing(world):
    for i in range(5):
        client = world.client()
        leave_phone(client, scan(client, world.house.source_code))
        world.later(seconds=61 + i)
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code))
    assert answer.status_code == 429
    assert 'value="8 (903) 123-45-67"' in answer.text and "checked" in answer.text


@pytest.mark.parametrize("typed", ["", "abc", "8 800 555 35 35", "+1 202 555 0100", "+7 701 123 45 67", "8 495 123 45 67"])
def test_a_number_that_cannot_get_our_sms_is_refused_with_a_reason_and_kept(world, typed):
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code), typed)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert world.rows(PhoneVerification) == []


def test_a_kazakh_number_is_let_in_where_the_venue_allows_its_region(world):
    world.change_venue(regions=["RU", "KZ"])
    client = world.client()
    assert leave_phone(client, scan(client, world.house.source_code), "+7 701 123 45 67").status_code == 303


def test_a_card_is_not_made_without_the_tick_and_the_phone_is_not_taken(world):
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code), boxes=())
    assert answer.status_code == 422
    assert world.rows(PhoneVerification) == world.rows(Visit) == []


def test_a_text_that_changed_while_the_page_was_open_must_be_read_again(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    form = {"visit": visit_token(page), "phone": "8 903 123-45-67", "box_card": "999999"}
    answer = client.post("/signup", data=form)
    assert answer.status_code == 422 and world.rows(ConsentRecord) == []


def _free_address(world):
    world.change_venue(own_addresses=["127.0.0.0/8"], sms_per_minute_qr=100)


def test_a_form_sent_again_with_the_same_number_counts_as_it_was_sent_last(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    leave_phone(client, page, boxes=("box_card", "box_advertising_sms"))
    answer = leave_phone(client, page)  # "wrong number?", the number was right after all, and no advertising, please
    assert client.post(answer.location, data={"code": world.code()}).status_code == 303
    given = [r.purpose for r in world.rows(ConsentRecord) if r.event == "given"]
    assert given == ["card"] and len(world.rows(SmsMessage)) == 1


def test_a_box_ticked_when_the_form_is_sent_again_is_declared_with_the_same_verification(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    leave_phone(client, page)
    for boxes in (("box_card", "box_advertising_sms"),) * 2:
        answer = leave_phone(client, page, boxes=boxes)
    assert client.post(answer.location, data={"code": world.code()}).status_code == 303
    events = sorted((r.event, r.purpose) for r in world.rows(ConsentRecord))
    assert events == [
        ("declared", "advertising_sms"), ("declared", "card"), ("given", "advertising_sms"), ("given", "card"),
    ]  # fmt: skip
    assert len(world.rows(PhoneVerification)) == len(world.rows(SmsMessage)) == 1


def test_guests_seen_through_mapped_addresses_do_not_share_one_limit(world):
    world.settings = world.settings.model_copy(update={"limit_prefix_hour": 100})
    statuses = []
    for i in range(11):
        client = world.client()
        client.environ_base["REMOTE_ADDR"] = f"::ffff:203.0.113.{i + 1}"
        world.later(minutes=1)
        statuses.append(leave_phone(client, scan(client, world.house.source_code), _phone(i)).status_code)
    assert statuses == [303] * 11


def test_a_client_whose_address_cannot_be_read_is_served(world):
    client = world.client()
    client.environ_base["REMOTE_ADDR"] = "unknown"
    assert leave_phone(client, scan(client, world.house.source_code)).status_code == 303
    assert client.get("/l/0000000000").status_code == 404
