"""The same code again at 60, 180 and 420 seconds; a dead verification is followed by a new one."""

from concurrent.futures import ThreadPoolExecutor

from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from tests.support.signups import leave_phone, scan


def _open(world):
    client = world.client()
    url = leave_phone(client, scan(client, world.house.source_code)).location
    return client, url


def test_the_code_may_be_sent_again_at_60_180_and_420_seconds(world):
    client, url = _open(world)
    first = world.code()
    seen = []
    for at in (59, 60, 61, 180, 419, 420, 500):
        world.now = world.rows(PhoneVerification)[0].created_at
        world.later(seconds=at)
        seen.append(client.post(f"{url}/resend").status_code)
    assert seen == [429, 303, 429, 303, 429, 303, 429]
    assert world.code() == first and len(world.rows(SmsMessage)) == 4


def test_a_resend_does_not_give_new_tries(world):
    client, url = _open(world)
    for _ in range(3):
        client.post(url, data={"code": "000000" if world.code() != "000000" else "111111"})
    world.later(seconds=60)
    client.post(f"{url}/resend")
    assert world.rows(PhoneVerification)[0].attempts == 3


def test_after_five_tries_a_new_code_starts_a_new_verification(world):
    client, url = _open(world)
    old = world.code()
    wrong = "000000" if old != "000000" else "111111"
    for _ in range(5):
        client.post(url, data={"code": wrong})
    answer = client.post(f"{url}/resend")
    assert answer.status_code == 303 and answer.location != url
    first, second = world.rows(PhoneVerification)
    assert first.closed_reason == "expired" and second.attempts == 0 and world.code() != old
    assert client.post(answer.location, data={"code": world.code()}).status_code == 303


def test_after_expiry_a_new_code_starts_a_new_verification_with_the_same_consents(world):
    client, url = _open(world)
    world.later(minutes=11)
    answer = client.post(f"{url}/resend")
    done = client.post(answer.location, data={"code": world.code()})
    assert done.status_code == 303 and done.location.startswith("/c/")


def test_new_codes_count_against_the_number(world):
    client, url = _open(world)
    for _ in range(4):
        world.later(minutes=16)
        url = client.post(f"{url}/resend").location
    world.later(minutes=16)
    assert client.post(f"{url}/resend").status_code == 429


def test_a_resend_that_a_full_budget_refuses_takes_none_of_the_three_away(world):
    client, url = _open(world)
    world.change_venue(sms_per_minute_qr=0)
    world.later(seconds=60)
    assert client.post(f"{url}/resend").status_code == 429
    world.change_venue(sms_per_minute_qr=10)
    assert client.post(f"{url}/resend").status_code == 303
    assert world.rows(PhoneVerification)[0].sends == len(world.rows(SmsMessage)) == 2


def test_parallel_taps_on_the_resend_button_make_one_more_sms(world):
    _client, url = _open(world)
    world.later(seconds=60)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: world.client().post(f"{url}/resend").status_code, range(16)))
    assert set(statuses) <= {303, 429} and statuses.count(303) == 1
    assert len(world.rows(SmsMessage)) == 2
