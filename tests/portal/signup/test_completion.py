"""A hundred right codes make one of everything; a thousand wrong ones are compared five times."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from portal.access.models import AccessGrant, Identification
from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.consent.models import ConsentRecord
from portal.guests.models import Guest
from portal.signup import completion
from portal.signup.completion import Completed, Rejected, complete
from portal.signup.lookup import Ticket
from portal.signup.models import PhoneVerification
from tests.support.signups import E164, leave_phone, scan


def _open(world):
    client = world.client()
    assert leave_phone(client, scan(client, world.house.source_code)).status_code == 303
    return Ticket(world.rows(PhoneVerification)[-1].public_id, by_mac=False)


def _try(world, ticket, code):
    with world.database.writing() as session:
        return complete(session, world.settings, ticket, code, world.now)


def test_the_right_code_makes_guest_card_and_consent_once(world):
    done = _try(world, _open(world), world.code())
    assert isinstance(done, Completed) and done.card_token
    assert [g.phone for g in world.rows(Guest)] == [E164]
    assert [c.token for c in world.rows(Card)] == [done.card_token]
    assert sorted(r.event for r in world.rows(ConsentRecord)) == ["declared", "given"]
    visit = world.rows(Visit)[0]
    assert visit.verified_at == visit.card_at == world.now and visit.guest_id and visit.is_returning is False
    assert world.rows(AccessGrant) == world.rows(Identification) == []  # a QR visit gives no internet


def test_a_right_sixth_guess_is_refused(world):
    ticket, right = _open(world), world.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert all(isinstance(_try(world, ticket, wrong), Rejected) for _ in range(5))
    assert isinstance(_try(world, ticket, right), Rejected)
    assert world.rows(Guest) == []


def test_an_expired_code_is_refused_and_a_spent_one_opens_nothing_later(world):
    ticket, right = _open(world), world.code()
    world.later(minutes=10, seconds=1)
    assert isinstance(_try(world, ticket, right), Rejected)
    fresh_phone = "8 903 765 43 21"
    client = world.client()
    leave_phone(client, scan(client, world.house.source_code), fresh_phone)
    ticket, right = Ticket(world.rows(PhoneVerification)[-1].public_id, by_mac=False), world.code("+79037654321")
    assert isinstance(_try(world, ticket, right), Completed)
    assert isinstance(_try(world, ticket, right), Completed)  # a double tap
    world.later(seconds=completion.REPLAY.total_seconds() + 1)
    assert isinstance(_try(world, ticket, right), Rejected)


def test_a_hundred_parallel_right_codes_make_one_guest_card_and_consent(world):
    ticket, right = _open(world), world.code()
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: _try(world, ticket, right), range(100)))
    assert 1 <= sum(isinstance(o, Completed) for o in outcomes) <= world.settings.otp_tries
    assert len({o.card_token for o in outcomes if isinstance(o, Completed)}) == 1
    with world.database.reading() as session:
        for model in (Guest, Card):
            assert session.scalar(select(func.count()).select_from(model)) == 1
        given = session.scalar(select(func.count()).select_from(ConsentRecord).where(ConsentRecord.event == "given"))
        assert given == 1


def test_a_thousand_parallel_wrong_codes_are_compared_at_most_five_times(world, monkeypatch):
    ticket, right = _open(world), world.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    compared = []
    real = completion.code_fits
    monkeypatch.setattr(completion, "code_fits", lambda *a: compared.append(1) or real(*a))
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: _try(world, ticket, wrong), range(1000)))
    assert all(isinstance(o, Rejected) for o in outcomes)
    assert len(compared) == 5
    assert world.rows(PhoneVerification)[0].attempts == 5


def test_who_came_back_with_a_mac_alone_has_tries_of_their_own(world):
    ticket, right = _open(world), world.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    by_mac = Ticket(ticket.public_id, by_mac=True)
    for _ in range(6):
        assert isinstance(_try(world, by_mac, wrong), Rejected)
    assert isinstance(_try(world, ticket, right), Completed)


def test_a_code_of_another_verification_does_not_fit(world):
    first, code = _open(world), world.code()
    client = world.client()
    leave_phone(client, scan(client, world.house.source_code), "8 903 765 43 21")
    second = Ticket(world.rows(PhoneVerification)[-1].public_id, by_mac=False)
    assert isinstance(_try(world, second, code), Rejected)
    assert isinstance(_try(world, first, code), Completed)


def test_many_wrong_codes_over_many_numbers_raise_an_alarm(world, caplog):
    ticket, right = _open(world), world.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    lowered = world.settings.model_copy(update={"alarm_wrong_codes": 2})
    for _ in range(3):
        with world.database.writing() as session:
            complete(session, lowered, ticket, wrong, world.now)
    assert [r.alarm for r in caplog.records if hasattr(r, "alarm")] == ["wrong_codes"]


def test_expiry_is_counted_from_the_first_sms(world):
    ticket = _open(world)
    row = world.rows(PhoneVerification)[0]
    assert row.expires_at - row.created_at == timedelta(minutes=10)
    assert ticket.public_id == row.public_id
