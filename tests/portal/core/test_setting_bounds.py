"""Nonsense is refused at the start, by its name, and never reaches a guest."""

from datetime import timedelta
from pathlib import Path

import pytest

from portal.core.config import BadSettings, load_settings
from tests.support.canary import SECRETS


@pytest.fixture(autouse=True)
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo that would start."""
    monkeypatch.chdir(tmp_path)
    for name, value in {**SECRETS, "demo": "true"}.items():
        monkeypatch.setenv(f"VESTIBULE_{name.upper()}", value)


LIMITS = [
    "LIMIT_NUMBER_DAY", "LIMIT_NUMBER_WEEK", "LIMIT_DEVICE_HOUR", "LIMIT_DEVICE_DAY", "LIMIT_PREFIX_HOUR", "LIMIT_IP_HOUR",
    "LIMIT_VOUCHER_TRIES", "LIMIT_VOUCHER_VENUE_HOUR", "LIMIT_SIGN_IN", "LIMIT_SHORT_LINK_IP_HOUR", "ALARM_WRONG_CODES",
]  # fmt: skip
NONSENSE = [
    *[(name, value) for name in LIMITS for value in ("-3", "0", "many")],
    *[(f"DELIVERY_{name}_PERCENT", value) for name in ("SLOW", "STOP") for value in ("900", "-1")],
    *[(name, value) for name in ("CARD_NEW_AFTER_MONTHS", "RETENTION_GUEST_MONTHS") for value in ("-5", "0", "999999")],
    *[("OTP_LIFETIME", value) for value in ("-PT5M", "0", "P1D", "P99999999999D")],
    *[("OTP_RESEND_AFTER", value) for value in ("abc", "60,abc", "-60", "0,60", "180,60", "60,60", "99999999999")],
    *[("RETENTION_UNPROVEN", value) for value in ("-P1D", "0", "P99999D")],
    *[("RETENTION_VISIT_TRACE", value) for value in ("-P1D", "PT1H", "P99999D")],
    *[("PORT", value) for value in ("0", "65534", "65535")],
    *[("DATABASE_URL", value) for value in ("foo", "mysql://u@h/d", "postgresql+asyncpg://u@h/d", "postgresql://u@h:x/d")],
    *[("DATABASE_URL", value) for value in ("sqlite://", "sqlite:///:memory:")],
    *[("SMSAERO_SIGNATURE", value) for value in ("ОченьДлиннаяПодпись", "Теремок", "TWELVE-CHARS", "A\tB", "1" * 16)],
]


@pytest.mark.parametrize(("name", "value"), NONSENSE)
def test_a_setting_that_means_nothing_is_named_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    load_settings()
    monkeypatch.setenv(f"VESTIBULE_{name}", value)
    with pytest.raises(BadSettings) as found:
        load_settings()
    assert [line.partition(":")[0] for line in str(found.value).splitlines()] == [f"VESTIBULE_{name}"]


SENSE = [
    ("LIMIT_NUMBER_DAY", "1", 1), ("LIMIT_PREFIX_HOUR", "1000000", 10**6),
    ("DELIVERY_STOP_PERCENT", "0", 0), ("DELIVERY_SLOW_PERCENT", "100", 100),  # 0 never stops a path
    ("OTP_RESEND_AFTER", "30, 90", (30, 90)), ("OTP_RESEND_AFTER", "", ()),  # none: the code is sent once
    ("OTP_LIFETIME", "PT5M", timedelta(minutes=5)), ("OTP_LIFETIME", "300", timedelta(minutes=5)), ("PORT", "65533", 65533),
    *[("SMSAERO_SIGNATURE", value, value) for value in ("SMS Aero", "my-cafe.ru", "ELEVENCHARS", "79031234567", "")],
    *[("DATABASE_URL", value, value) for value in ("postgresql+psycopg://vestibule@/vestibule", "postgresql://u:p@h:5432/d")],
    ("DATABASE_URL", "sqlite:////var/lib/vestibule/v.db", "sqlite:////var/lib/vestibule/v.db"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "read"), SENSE)
def test_a_setting_that_means_something_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object) -> None:
    monkeypatch.setenv(f"VESTIBULE_{name}", value)
    assert getattr(load_settings(), name.lower()) == read


@pytest.mark.parametrize("url", ["mysql://u:canary@h/d", "postgresql://u:canary@h:x/d", "canary"])
def test_a_refused_database_address_is_not_repeated_with_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("VESTIBULE_DATABASE_URL", url)
    with pytest.raises(BadSettings) as found:
        load_settings()
    assert "canary" not in str(found.value)


def test_a_code_can_be_sent_again_when_the_settings_say() -> None:
    assert load_settings().resend_after == (timedelta(minutes=1), timedelta(minutes=3), timedelta(minutes=7))
