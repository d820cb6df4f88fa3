"""The visit's token: at most 1024 characters whatever a link or a gateway brings, and every fact comes back."""

import secrets
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.acquisition.entry import FORM_FOR, SEEN_FOR, TOKEN_LENGTH, Entry, new_entry, open_entry, seal_entry
from portal.acquisition.utm import read_utm
from portal.core.errors import PortalError
from portal.core.tokens import BadToken, Keys
from tests.support.house import NOW

KEYS = Keys(b"k" * 32, (), b"i" * 32)
ARRIVAL = {
    "mac": "aabbccddeeff", "ip": "10.1.0.17", "ap": "00-11-22-33-44-55:Teremok", "ssid": "Теремок гости", "gateway": 3,
    "url": "http://captive.apple.com/hotspot-detect.html", "tok": secrets.token_hex(32), "vouched": True,
}  # fmt: skip


def an_entry(**values: object) -> Entry:
    return replace(new_entry(7, 12, "qr", "ru", NOW + timedelta(microseconds=123_457)), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "entry",
    [an_entry(), an_entry(source_id=None, utm_raw="utm_source=Tg", utm_cut=True), an_entry(entry="wifi", arrival=ARRIVAL)],
)
def test_every_fact_comes_back(entry: Entry) -> None:
    token = seal_entry(KEYS, entry, NOW)
    assert open_entry(KEYS, token, NOW, SEEN_FOR) == entry
    assert quote(token, safe="") == token


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=600), st.booleans())
def test_no_link_makes_a_token_too_long(value: str, wifi: bool) -> None:
    utm = read_utm([("utm_source", value), ("utm_campaign", value[::-1])])
    entry = an_entry(utm_raw=utm.raw, utm_cut=utm.cut, arrival=ARRIVAL if wifi else {})
    token = seal_entry(KEYS, entry, NOW)
    assert len(token) <= TOKEN_LENGTH
    opened = open_entry(KEYS, token, NOW, SEEN_FOR)
    assert (entry.utm_raw or "").startswith(opened.utm_raw or "")
    assert opened.utm_cut is (utm.cut or opened.utm_raw != entry.utm_raw)


def test_five_hundred_random_letters_are_cut_to_fit_and_marked() -> None:
    raw = "".join(chr(0x4E00 + secrets.randbelow(20_000)) for _ in range(500))
    token = seal_entry(KEYS, an_entry(utm_raw=raw), NOW)
    opened = open_entry(KEYS, token, NOW, SEEN_FOR)
    assert len(token) <= TOKEN_LENGTH
    assert opened.utm_cut and opened.utm_raw and raw.startswith(opened.utm_raw)


def test_gateway_values_that_cannot_fit_are_refused() -> None:
    with pytest.raises(PortalError, match="arrival_too_long"):
        seal_entry(KEYS, an_entry(utm_raw="utm_source=x", arrival={"tok": secrets.token_hex(2000)}), NOW)


@pytest.mark.parametrize("age", [SEEN_FOR, FORM_FOR])
def test_a_token_ages(age: timedelta) -> None:
    entry = an_entry()
    token = seal_entry(KEYS, entry, NOW)
    assert open_entry(KEYS, token, NOW + age, age) == entry
    with pytest.raises(BadToken, match="expired_token"):
        open_entry(KEYS, token, NOW + age + timedelta(seconds=1), age)


def test_a_changed_or_foreign_token_is_refused() -> None:
    token = seal_entry(KEYS, an_entry(), NOW)
    changed = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    foreign = KEYS.seal("another purpose", {"e": []}, NOW)
    for bad in ("", "x", "я", changed, foreign, token * 5):
        with pytest.raises(BadToken, match="bad_token"):
            open_entry(KEYS, bad, NOW, SEEN_FOR)


def test_each_landing_is_a_visit_of_its_own() -> None:
    assert new_entry(7, 12, "qr", "ru", NOW).visit_id != new_entry(7, 12, "qr", "ru", NOW).visit_id
