"""Time-based codes and recovery codes: RFC 6238's own vectors, one use each, tries counted."""

import threading
from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pytest

from portal.core.config import Settings
from portal.core.db import Database
from portal.core.limits import LimitReached
from portal.staff import accounts, second_factor
from portal.staff.models import StaffRecoveryCode, StaffUser
from tests.support.house import House

# RFC 6238, appendix B, SHA-1: the last six of its eight digits.
VECTORS = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
RFC_SECRET = b32encode(b"12345678901234567890").decode()


class Person:
    """A login with a second factor, and the phone that knows its secret."""

    def __init__(self, database: Database, settings: Settings, house: House, now: datetime) -> None:
        self.database, self.keys, self.now = database, settings.keys, now
        self.secret = second_factor.new_secret()
        with database.writing() as session:
            user, _ = accounts.create(session, house.organization_id, "anna@teremok.example", "Анна", "owner", None, [], now)
            self.id = user.id
            codes = second_factor.turn_on(session, self.keys, user, self.secret, self.code(), now)
        assert codes is not None
        self.codes = codes

    def code(self, **later: float) -> str:
        return second_factor.code_at(self.secret, self.now + timedelta(**later))

    def tries(self, typed: str, at: datetime | None = None) -> bool | LimitReached:
        at = at or self.now
        with self.database.writing() as session:
            counted = second_factor.begin_try(session, self.keys, self.id, 5, at)
        if isinstance(counted, LimitReached):
            return counted
        with self.database.writing() as session:
            return second_factor.fits(session, self.keys, session.get(StaffUser, self.id), typed, counted, at)


@pytest.fixture
def person(database, settings, house, now) -> Person:
    return Person(database, settings, house, now)


@pytest.mark.parametrize(("at", "code"), VECTORS.items())
def test_codes_are_those_of_rfc_6238(at, code):
    assert second_factor.code_at(RFC_SECRET, datetime.fromtimestamp(at, UTC)) == code


def test_the_secret_is_enclosed_at_rest_and_outlives_a_new_secret_key(person, database, settings):
    with database.reading() as session:
        stored = session.get(StaffUser, person.id).totp_secret
    assert person.secret not in stored and len(stored) <= 200
    renewed = settings.model_copy(update={"secret_key": type(settings.secret_key)("another-key-of-thirty-two-characters")})
    assert renewed.keys.disclose("totp", stored) == person.secret


def test_a_code_is_taken_once_and_never_an_older_one(person):
    assert not person.tries(person.code()), "it was used up by setting it up"
    later = person.now + timedelta(seconds=60)
    assert person.tries(person.code(seconds=60), later)
    assert not person.tries(person.code(seconds=60), later)
    assert not person.tries(person.code(seconds=30), later), "a step before the last one taken"


@pytest.mark.parametrize(("seconds", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_phones_clock_may_be_half_a_minute_off(person, seconds, fits):
    at = person.now + timedelta(minutes=10)
    assert person.tries(person.code(minutes=10, seconds=seconds), at) is fits


def test_a_code_with_spaces_is_the_same_code(person):
    at = person.now + timedelta(minutes=1)
    code = person.code(minutes=1)
    assert person.tries(f" {code[:3]} {code[3:]} ", at)


@pytest.mark.parametrize("typed", ["", "0", "١٢٣٤٥٦", "000000", "abcdef", "' OR 1=1 --", "9" * 400])
def test_anything_else_is_refused(person, typed):
    assert person.tries(typed, person.now + timedelta(minutes=1)) is False


def test_of_two_forms_with_one_code_one_gets_in(person):
    at = person.now + timedelta(minutes=1)
    with person.database.writing() as session:
        counted = [second_factor.begin_try(session, person.keys, person.id, 50, at + timedelta(milliseconds=i)) for i in range(8)]
    got_in = []

    def go(limits) -> None:
        with person.database.writing() as session:
            user = session.get(StaffUser, person.id)
            if second_factor.fits(session, person.keys, user, person.code(minutes=1), limits, at):
                got_in.append(1)

    threads = [threading.Thread(target=go, args=(limits,)) for limits in counted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got_in) == 1


def test_a13_the_sixth_wrong_code_is_refused_and_so_is_the_right_one_after_it(person):
    at = person.now + timedelta(minutes=1)
    assert [person.tries("000000", at) for _ in range(5)] == [False] * 5
    assert isinstance(person.tries(person.code(minutes=1), at), LimitReached)
    after = at + timedelta(minutes=15, seconds=1)
    assert person.tries(second_factor.code_at(person.secret, after), after) is True


def test_ten_recovery_codes_each_good_once(person, database):
    assert len(set(person.codes)) == 10
    first = person.codes[0]
    assert person.tries(first.upper())
    assert not person.tries(first)
    assert person.tries(person.codes[1].replace("-", ""))
    with database.reading() as session:
        assert second_factor.recovery_codes_left(session, session.get(StaffUser, person.id)) == 8
        stored = session.query(StaffRecoveryCode.code_hash).all()
    assert not any(code.replace("-", "") in str(stored) for code in person.codes)


def test_new_recovery_codes_end_the_old_ones(person, database):
    with database.writing() as session:
        fresh = second_factor.new_recovery_codes(session, person.keys, session.get(StaffUser, person.id))
    assert not person.tries(person.codes[0])
    assert person.tries(fresh[0])


def test_taken_off_neither_code_nor_recovery_code_opens_anything(person, database):
    with database.writing() as session:
        second_factor.remove(session, session.get(StaffUser, person.id))
    at = person.now + timedelta(minutes=1)
    assert not person.tries(person.code(minutes=1), at)
    assert not person.tries(person.codes[0], at)
    with database.reading() as session:
        assert not second_factor.is_on(session.get(StaffUser, person.id))


def test_a_secret_is_kept_only_when_the_phone_knows_it(database, settings, house, now):
    with database.writing() as session:
        user, _ = accounts.create(session, house.organization_id, "b@teremok.example", "Борис", "owner", None, [], now)
        assert second_factor.turn_on(session, settings.keys, user, second_factor.new_secret(), "000000", now) is None
        assert user.totp_secret is None
        assert second_factor.is_owed(user, demanded=True) and not second_factor.is_owed(user, demanded=False)
        user.role = "marketer"
        assert not second_factor.is_owed(user, demanded=True)
