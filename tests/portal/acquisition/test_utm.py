"""UTM values: one spelling for matching, the original kept, nothing a stranger writes breaks it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.acquisition.models import Source
from portal.acquisition.utm import RAW_LENGTH, VALUE_LENGTH, Utm, match, normalise, read_utm
from tests.support.house import NOW

ANYTHING = st.text(st.characters(), max_size=400)  # lone surrogates, controls and bidi marks among it


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("LinkedIn", "linkedin"),
        ("  Table_Tent ", "table-tent"),
        ("table - tent", "table-tent"),
        ("table__tent--7", "table-tent-7"),
        ("table–tent—7−8", "table-tent-7-8"),  # en dash, em dash, minus sign
        ("ｔａｂｌｅ＿ｔｅｎｔ", "table-tent"),
        ("table\u00a0\u2003tent", "table-tent"),
        ("table\ttent\n", "table-tent"),
        ("-table-", "table"),
        ("Straße", "strasse"),
        ("Чек_Кафе", "чек-кафе"),
        ("vk\u202ecom\u200b", "vkcom"),
        ("\x00vk\x1b[31m", "vk[31m"),
        ("\ud800vk", "vk"),
        ("ﬁn", "fin"),
        ("", ""),
        (" _-– ", ""),
    ],
)
def test_the_spellings_people_use(written: str, meant: str) -> None:
    assert normalise(written) == meant


@given(ANYTHING)
def test_normalising_is_idempotent_and_leaves_nothing_odd(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert len(once) <= VALUE_LENGTH
    assert once == once.strip("-") and "--" not in once and "_" not in once
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"} for c in once)
    once.encode()


@given(ANYTHING)
def test_case_and_surrounding_space_never_make_a_second_channel(text: str) -> None:
    assert normalise(f" {normalise(text).upper()}\t") == normalise(normalise(text).upper())


@given(
    st.lists(st.tuples(st.sampled_from(["utm_source", "UTM_Source", "utm_medium", "x", "utm_", "UTM_\x00"]) | ANYTHING, ANYTHING))
)
def test_reading_never_raises_and_holds_its_bounds(pairs: list[tuple[str, str]]) -> None:
    utm = read_utm(pairs)
    assert utm.raw is None or 0 < len(utm.raw) <= RAW_LENGTH
    (utm.raw or "").encode()
    assert "\x00" not in (utm.raw or "")


def test_names_in_any_case_and_the_first_value_that_says_something() -> None:
    utm = read_utm([("UTM_Source", ""), ("utm_source", "Table_Tent"), ("Utm_SOURCE", "other"), ("UTM_MEDIUM", "QR"), ("q", "x")])
    assert utm == Utm("table-tent", "qr", "", "", "UTM_Source=&utm_source=Table_Tent&Utm_SOURCE=other&UTM_MEDIUM=QR", False)


def test_a_value_that_is_only_noise_leaves_the_word_to_the_next() -> None:
    assert read_utm([("utm_source", "\u200b __"), ("utm_source", "vk")]).source == "vk"


def test_no_utm_is_no_raw() -> None:
    assert read_utm([("lang", "ru"), ("fbclid", "x")]) == Utm("", "", "", "", None, False)


def test_ten_kilobytes_are_cut_and_the_cut_is_marked() -> None:
    utm = read_utm([("utm_source", "x" * 10_000)])
    assert (len(utm.raw or ""), utm.cut, len(utm.source)) == (RAW_LENGTH, True, VALUE_LENGTH)
    exactly = read_utm([("utm_source", "x" * (RAW_LENGTH - len("utm_source=")))])
    assert (len(exactly.raw or ""), exactly.cut) == (RAW_LENGTH, False)


def test_ten_kilobytes_of_invisible_marks_are_cut_too() -> None:
    utm = read_utm([("utm_source", "\u200b" * 10_000 + "vk")])
    assert (utm.raw, utm.cut) == ("utm_source=", True)


def test_a_thousand_parameters_cost_nothing_more() -> None:
    utm = read_utm([(f"utm_{number}", "x") for number in range(100_000)])
    assert utm.cut


def a_source(number: int, retired: bool = False, **values: str) -> Source:
    fields = {f"utm_{name}": values.get(name, "") for name in ("source", "medium", "campaign", "content")}
    return Source(id=number, retired_at=NOW if retired else None, **fields)


def utm(source: str, medium: str = "", campaign: str = "", content: str = "") -> Utm:
    return Utm(source, medium, campaign, content, None, False)


def number(found: Source | None) -> int | None:
    return found.id if found else None


PLAIN = a_source(1, source="vk")
WITH_MEDIUM = a_source(2, source="vk", medium="social")
WITH_ALL = a_source(3, source="vk", medium="social", campaign="autumn", content="story")
NAMELESS = a_source(4, medium="social")
SOURCES = [NAMELESS, PLAIN, WITH_MEDIUM, WITH_ALL]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (utm("vk"), 1),
        (utm("vk", "cpc"), 1),
        (utm("vk", "social"), 2),
        (utm("vk", "social", "spring", "story"), 2),
        (utm("vk", "social", "autumn", "story"), 3),
        (utm("vk.com"), None),
        (utm("", "social"), None),
        (utm(""), None),
    ],
)
def test_the_most_specific_source_wins(said: Utm, found: int | None) -> None:
    assert number(match(said, SOURCES, {})) == found


def test_aliases_hold_for_every_value_in_any_spelling() -> None:
    aliases = {"VK.com": "VK", "в контакте": "vk", "soc": "Social"}
    assert number(match(utm("vk.com"), SOURCES, aliases)) == 1
    assert number(match(utm("в-контакте", "soc"), SOURCES, aliases)) == 2


def test_a_source_that_carries_the_alias_itself_is_met_too() -> None:
    assert number(match(utm("vk"), [a_source(9, source="vk.com")], {"vk.com": "vk"})) == 9


def test_a_retired_source_still_matches_but_gives_way() -> None:
    retired, in_use = a_source(1, retired=True, source="vk"), a_source(2, source="vk")
    assert number(match(utm("vk"), [retired], {})) == 1
    assert number(match(utm("vk"), [retired, in_use], {})) == 2
    assert number(match(utm("vk"), [a_source(7, source="vk"), in_use], {})) == 2
