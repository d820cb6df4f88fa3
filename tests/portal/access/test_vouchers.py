"""Vouchers: one device, a day, five wrong tries, thirty a venue; and nothing unless the venue wants them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from portal.access import vouchers
from portal.access.models import Voucher
from portal.access.vouchers import VoucherRefused
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.venues.models import Venue
from tests.support.access import OTHER_MAC, PHONE_MAC
from tests.support.house import House, build_house

WRONG = "0000000000"


@pytest.fixture
def code(database: Database, settings: Settings, house: House, now: datetime) -> str:
    """A fresh voucher of a venue that uses them."""
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        venue.vouchers = True
        return vouchers.make(session, settings.keys, venue, "Анна", now)


@pytest.fixture
def redeem(database: Database, settings: Settings, house: House, now: datetime):  # type: ignore[no-untyped-def]
    """Type a code at the house's venue, through a door of its own."""

    def door(code: str, mac: Mac | None = PHONE_MAC, device: str | None = None, after: timedelta = timedelta(0)):  # type: ignore[no-untyped-def]
        with database.writing() as session:
            venue = session.get_one(Venue, house.venue_id)
            return vouchers.redeem(session, settings.keys, settings, venue, code, mac, device, now + after)

    return door


def test_a_code_is_ten_unambiguous_characters_kept_only_as_a_hash(database: Database, code: str) -> None:
    assert len(code) == 10 and set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    with database.reading() as session:
        row = session.scalars(select(Voucher)).one()
        assert row.staff_name == "Анна" and row.session_seconds == 4 * 3600
        assert code not in {str(getattr(row, c.key)) for c in Voucher.__table__.columns}


def test_any_case_spaces_and_lookalikes_are_understood(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    typed = f" {code[:5].lower()}-{code[5:]} ".replace("1", "l").replace("0", "o")
    assert isinstance(redeem(typed), Voucher)


def test_vouchers_are_off_until_the_venue_wants_them(
    database: Database,
    settings: Settings,
    house: House,
    redeem,
    now: datetime,  # type: ignore[no-untyped-def]
) -> None:
    with database.writing() as session, pytest.raises(PortalError, match="vouchers_off"):
        vouchers.make(session, settings.keys, session.get_one(Venue, house.venue_id), "Анна", now)
    assert redeem(WRONG) == VoucherRefused("off")


def test_only_the_first_device_may_use_a_code(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    first = redeem(code)
    assert redeem(code, OTHER_MAC) == VoucherRefused("used")
    again = redeem(code, after=timedelta(hours=1))
    assert (again.id, again.used_at) == (first.id, first.used_at)
    assert redeem(code, after=timedelta(hours=5)) == VoucherRefused("expired")


def test_a_browser_without_a_mac_is_known_by_its_hash(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    assert redeem(code, None, None) == VoucherRefused("no_device")
    assert isinstance(redeem(code, None, "d1"), Voucher)
    assert isinstance(redeem(code, None, "d1"), Voucher)
    assert redeem(code, None, "d2") == VoucherRefused("used")


def test_an_unused_code_dies_after_a_day(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    assert redeem(code, after=timedelta(hours=24)) == VoucherRefused("expired")


def test_a_code_of_another_venue_is_wrong(database: Database, settings: Settings, redeem, code: str, now: datetime) -> None:  # type: ignore[no-untyped-def]
    with database.writing() as session:
        other = session.get_one(Venue, build_house(session, "izbushka").venue_id)
        other.vouchers = True
        foreign = vouchers.make(session, settings.keys, other, "Пётр", now)
    assert redeem(foreign) == VoucherRefused("wrong")


def test_five_wrong_tries_stop_a_device_for_an_hour_even_with_the_right_code(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    assert [redeem(WRONG).reason for _ in range(7)] == ["wrong"] * 5 + ["limit"] * 2
    assert redeem(code) == VoucherRefused("limit")
    assert isinstance(redeem(code, OTHER_MAC), Voucher)
    assert redeem(WRONG, after=timedelta(hours=1, seconds=1)) == VoucherRefused("wrong")


def test_right_codes_cost_no_tries(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    assert all(isinstance(redeem(code), Voucher) for _ in range(8))
    assert redeem(WRONG) == VoucherRefused("wrong")


def test_thirty_wrong_tries_stop_a_venue(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    answers = [redeem(WRONG, Mac(f"02000000{i:04x}")).reason for i in range(32)]
    assert answers == ["wrong"] * 30 + ["limit"] * 2
    assert redeem(code, OTHER_MAC) == VoucherRefused("limit")


def test_fifty_wrong_tries_at_once_compare_five(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    with ThreadPoolExecutor(8) as pool:
        answers = [a.reason for a in pool.map(lambda _: redeem(WRONG), range(50))]
    assert answers.count("wrong") == 5 and answers.count("limit") == 45


def test_ten_devices_with_one_code_at_once_let_one_in(redeem, code: str) -> None:  # type: ignore[no-untyped-def]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: redeem(code, Mac(f"02000000{i:04x}")), range(10)))
    assert sum(isinstance(a, Voucher) for a in answers) == 1
    assert {a.reason for a in answers if isinstance(a, VoucherRefused)} == {"used"}
