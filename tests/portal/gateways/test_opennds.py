"""openNDS as it speaks: vectors of the real daemon, and what its redirect may and may not bring in."""

import base64
import contextlib
import hashlib
import json
import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.gateways import opennds_list
from portal.gateways.base import Arrival, BadArrival, GatewaySettings, Knock, LetIn, Redirect, RouterEntry
from portal.gateways.opennds import OpenNds, says_its_name
from portal.gateways.opennds_cipher import (
    escaped,
    gateway_hash,
    is_signed,
    open_payload,
    rhid_of,
    seal_payload,
    signed_length,
)

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("opennds_vectors.json").read_text())
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FASKEY = VECTORS["faskey"]
LEVELS = (1, 2, 3, 4)
HID = hashlib.sha256(b"64378c38").hexdigest()
IV = "0123456789abcdef"
ROUTER = "http://10.91.0.1:2050"


def settings(level: int, *, name: str = "Lab Gateway", secret: str = FASKEY, base_url: str = ROUTER) -> GatewaySettings:
    options = {"level": level, "gatewayname": name, "allow_bypass": True}
    return GatewaySettings("opennds", base_url, secret, "teremok", options, "script-key-0123456789")


def plain(**changed: str | None) -> str:
    """A payload like the daemon's, some values changed or (None) left out."""
    values: dict[str, str | None] = {
        "hid": HID, "clientip": "10.91.0.57", "clientmac": "aa:c2:fa:fc:2c:6b", "client_type": "cpd_can",
        "gatewayname": "Lab%20Gateway", "gatewayurl": "http%3a%2f%2fstatus.client", "version": "9.10.0",
        "gatewayaddress": "10.91.0.1:2050", "gatewaymac": "fa38fa936689", "authdir": "opennds_auth",
        "originurl": "http%3a%2f%2fneverssl.test%2f", "clientif": "lan", "themespec": "(null)",
    }  # fmt: skip
    return ", ".join([f"{k}={v}" for k, v in (values | changed).items() if v is not None] + ["(null)(null)"])


def sealed(level: int, text: str, secret: str = FASKEY) -> dict[str, str]:
    query = {"fas": seal_payload(level, text, IV, secret)}
    return query | {"iv": IV} if level in (2, 3) else query


def parse(level: int, query: dict[str, str], repeated: frozenset[str] = frozenset(), **how: str) -> Arrival:
    return OpenNds().parse(Knock("http://portal.test/wifi/teremok", "", query, repeated), settings(level, **how), NOW)


def test_every_hash_is_the_daemons_own() -> None:
    for token, hid in VECTORS["token"].items():
        assert hashlib.sha256(token.encode()).hexdigest() == hid
    for name, seen in VECTORS["gatewayhash"].items():
        assert escaped(unquote(name)) == name
        assert gateway_hash(unquote(name)) == seen
    assert rhid_of(VECTORS["rhid"]["hid"], VECTORS["rhid"]["faskey"]) == VECTORS["rhid"]["rhid"]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_daemons_redirect_becomes_an_arrival_and_its_own_rhid(level: int) -> None:
    seen = VECTORS["levels"][str(level)]
    query = dict(parse_qsl(seen["query"], keep_blank_values=True))
    assert open_payload(level, query["fas"], query.get("iv", ""), FASKEY)["hid"] in seen["plain"]
    assert seal_payload(level, seen["plain"], query.get("iv", ""), FASKEY) == query["fas"]
    arrived = parse(level, query)
    assert (arrived.mac, arrived.ip, arrived.ap) == (Mac("aac2fafc2c6b"), "10.91.0.57", "lan")
    assert arrived.original_url == "http://neverssl.test/some/page?a=1&b=two%20words"
    assert arrived.vouched is (level in (2, 3))
    assert rhid_of(arrived.extra["h"], FASKEY) == seen["rhid"]
    assert len(json.dumps(dict(arrived.extra))) < 300, "it travels in the visit's token"


def test_level_two_of_the_protocol_notes() -> None:
    text = (
        "hid=7f9c, clientip=10.0.0.5, clientmac=02:11:22:33:44:55, gatewayname=Cafe%20Node%3aabc, authdir=opennds_auth, "
        "originurl=http%3a%2f%2fcaptive.apple.com%2f"
    )
    fas = seal_payload(2, text, IV, "1234567890")
    assert fas.startswith("QU5KTVpvaEhkTDY0L1JyNXRhNGJIQ3dyeHZORFdGNUt0c2haVFhUcklKRWk3aittcEwvekFJM3BicnJOQVBRNzJ6")
    assert open_payload(2, fas, IV, "1234567890")["clientmac"] == "02:11:22:33:44:55"


def test_a_plus_of_the_base64_that_became_a_blank_is_put_back() -> None:
    text = next(t for n in range(500) if "+" in seal_payload(1, t := plain(originurl="http%3a%2f%2fa.test%2f" + "~" * n), "", ""))
    fas = seal_payload(1, text, "", "")
    assert "+" in fas
    assert parse(1, {"fas": parse_qs(f"fas={fas}")["fas"][0]}).original_url.startswith("http://a.test/~")


def test_a_key_longer_than_the_cipher_s_is_cut() -> None:
    long = "k" * 16 + "x" * 30
    assert parse(2, sealed(2, plain(), long), secret=long).mac == Mac("aac2fafc2c6b")


@pytest.mark.parametrize("level", LEVELS)
def test_values_are_read_by_name_whatever_their_order_and_company(level: int) -> None:
    newer = plain(cpi_query="", venue="lobby", themespec="") + "(null)(null), a, b=c=d, =e"
    turned = ", ".join(reversed(newer.split(", ")))
    for text in (newer, turned):
        arrived = parse(level, sealed(level, text))
        assert (arrived.mac, arrived.extra["h"]) == (Mac("aac2fafc2c6b"), HID)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "changed",
    [
        {"clientmac": "nobody"}, {"clientmac": None}, {"clientmac": "00:00:00:00:00:00"}, {"clientip": "10.0.0.999"},
        {"clientip": None},
        {"hid": "7f9c"}, {"hid": None}, {"hid": "x" * 64}, {"hid": HID.upper()}, {"hid": HID + "0"},
        {"gatewayname": "Other"}, {"gatewayname": None}, {"gatewayname": "Lab%20Gateway%20"}, {"gatewayname": "Lab Gateway"},
        {"gatewayaddress": "10.91.0.1:80"}, {"gatewayaddress": "evil.example:2050"}, {"gatewayaddress": None},
        {"authdir": "elsewhere"}, {"authdir": "opennds_auth/../x"},
        {"clientif": "lan, clientmac=02:00:00:00:00:01"}, {"clientif": "lan, hid=" + "0" * 64},
        {"clientif": "кафе"}, {"clientif": "a\nb"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_this_gateway_s_word_is_refused(level: int, changed: dict[str, str | None]) -> None:
    with pytest.raises(BadArrival):
        parse(level, sealed(level, plain(**changed)))


@pytest.mark.parametrize("level", LEVELS)
def test_hostile_encodings_are_refused(level: int) -> None:
    honest = sealed(level, plain())
    fas = honest["fas"]
    bad = (
        "",
        "=",
        "====",
        "AAAA",
        "%%%",
        "ü" * 8,
        "\ud800",
        fas[:-1],
        fas + "=",
        fas + "A",
        fas[1:],
        "A" * 20_000,
        "\x00" * 64,
        fas * 2,
    )
    for one in bad:
        with pytest.raises(BadArrival):
            parse(level, honest | {"fas": one})
    with pytest.raises(BadArrival):
        parse(level, honest, frozenset({"fas"}))
    with pytest.raises(BadArrival):
        parse(level, {})
    for iv in ("0" * 15, "0" * 17, "ü" * 16, "ABCDEF0123456789", "0123456789abcde "):
        with pytest.raises(BadArrival):
            parse(level, honest | {"iv": iv})


def test_no_level_takes_the_redirect_of_another() -> None:
    """A gateway that encrypts is never believed in the clear."""
    for level in (2, 3):
        with pytest.raises(BadArrival):
            parse(level, sealed(1, plain()))
        with pytest.raises(BadArrival):
            parse(level, sealed(1, plain()) | {"iv": IV})
    for level in (1, 4):
        with pytest.raises(BadArrival):
            parse(level, sealed(2, plain()))


@pytest.mark.parametrize("level", [2, 3])
def test_another_faskey_opens_nothing(level: int) -> None:
    with pytest.raises(BadArrival):
        parse(level, sealed(level, plain(), "another-key-0123456789"))


def test_no_change_of_a_single_byte_of_the_cipher_names_another_device() -> None:
    """CBC carries no signature: this is what vouching for the MAC rests on."""
    query = sealed(2, plain())
    body = base64.b64decode(base64.b64decode(query["fas"]))
    accepted = 0
    for place in range(len(body)):
        for flip in (0x01, 0x02, 0x04, 0x10, 0x51, 0xFF):
            changed = body[:place] + bytes([body[place] ^ flip]) + body[place + 1 :]
            accepted += _same_device_or_refused(query | {"fas": base64.b64encode(base64.b64encode(changed)).decode()})
    for place in range(16):
        for digit in string.hexdigits[:16]:
            accepted += _same_device_or_refused(query | {"iv": IV[:place] + digit + IV[place + 1 :]})
    assert accepted > 0, "the honest iv is among them"


def test_blocks_of_two_redirects_cannot_be_put_together_to_another_device() -> None:
    mine = base64.b64decode(base64.b64decode(sealed(2, plain())["fas"]))
    other = plain(hid="f" * 64, clientmac="02:00:00:00:00:01", clientip="10.91.0.58")
    theirs = base64.b64decode(base64.b64decode(seal_payload(2, other, IV, FASKEY)))
    for head in range(0, len(mine), 16):
        for tail in range(16, len(theirs), 16):
            spliced = base64.b64encode(base64.b64encode(mine[:head] + theirs[tail:])).decode()
            try:
                arrived = parse(2, {"fas": spliced, "iv": IV})
            except BadArrival:
                continue
            assert (arrived.mac, arrived.extra["h"]) in ((Mac("aac2fafc2c6b"), HID), (Mac("020000000001"), "f" * 64))


def _same_device_or_refused(query: dict[str, str]) -> int:
    try:
        arrived = parse(2, query)
    except BadArrival:
        return 0
    assert (arrived.mac, arrived.ip) == (Mac("aac2fafc2c6b"), "10.91.0.57")
    return 1


@given(st.text(max_size=400), st.text(max_size=20), st.sampled_from(LEVELS))
def test_whatever_the_query_holds_is_a_bad_arrival(fas: str, iv: str, level: int) -> None:
    for query in (
        {"fas": fas, "iv": iv},
        {"fas": base64.b64encode(fas.encode("utf-8", "replace")).decode(), "iv": IV},
        {"fas": fas},
    ):
        with pytest.raises(BadArrival):
            parse(level, query)


@given(st.text(max_size=300))
def test_whatever_the_payload_holds_beside_the_right_values_harms_nothing(text: str) -> None:
    for level in LEVELS:
        with contextlib.suppress(BadArrival):
            parse(level, sealed(level, plain(originurl=quote(text, safe=""), venue=text.encode("utf-8", "replace").decode())))


def test_a_device_that_is_online_already_is_told_apart() -> None:
    with pytest.raises(BadArrival, match="online"):
        parse(2, {"tok": "x", "redir": "http://a.test/?fas=x", "status": "authenticated"})


@pytest.mark.parametrize("level", [1, 2])
def test_the_browser_brings_tok_and_a_length_that_the_router_can_check(level: int) -> None:
    outcome = OpenNds().let_in(settings(level), grant(3700), NOW)
    assert isinstance(outcome, Redirect)
    asked = urlsplit(outcome.url)
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == "http://10.91.0.1:2050/opennds_auth/"
    values = dict(parse_qsl(asked.query))
    assert values["tok"] == rhid_of(HID, FASKEY)
    assert values["redir"] == "https://wifi.example.ru/connected/abc?x=1"
    assert values["custom"].startswith("3700-4000-8000-")
    assert is_signed("script-key-0123456789", HID, values["custom"])
    assert len(values["custom"]) <= 126 and set(values["custom"]) <= set("0123456789abcdef-"), "nothing that openNDS would escape"


@pytest.mark.parametrize("level", [1, 2])
def test_without_a_hid_nobody_is_sent_to_the_authdir(level: int) -> None:
    """The daemon dies of a request there without `tok`."""
    outcome = OpenNds().let_in(settings(level), LetIn(Mac("aac2fafc2c6b"), "u", "p", 60, "http://x/"), NOW)
    assert outcome == Redirect("http://10.91.0.1:2050/")


def test_a_length_of_another_guest_or_changed_by_the_guest_has_no_signature() -> None:
    custom = signed_length("k" * 20, HID, 60, 0, 0)
    assert is_signed("k" * 20, HID, custom)
    for key, hid, said in (
        ("j" * 20, HID, custom), ("k" * 20, "0" * 64, custom), ("k" * 20, HID, custom.replace("60-", "9999-")),
        ("k" * 20, HID, ""), ("k" * 20, HID, "-"), ("k" * 20, HID, "ü"), ("k" * 20, HID, custom[:-1]),
    ):  # fmt: skip
        assert not is_signed(key, hid, said)


@pytest.mark.parametrize("level", [3, 4])
@pytest.mark.parametrize(("seconds", "minutes"), [(1, 1), (59, 1), (60, 1), (119, 1), (120, 2), (14400, 240)])
def test_an_entry_gives_whole_minutes_and_never_the_default(level: int, seconds: int, minutes: int) -> None:
    outcome = OpenNds().let_in(settings(level), grant(seconds), NOW)
    assert isinstance(outcome, RouterEntry)
    *head, custom = outcome.text.split(" ")
    assert head == [rhid_of(HID, FASKEY), str(minutes), "4000", "8000", "0", "0"]
    assert custom.startswith(f"{minutes * 60}-0-0-") and is_signed("script-key-0123456789", HID, custom)
    assert opennds_list.listing([outcome.text]).startswith("* " + rhid_of(HID, FASKEY) + "%20")


def test_a_device_without_a_new_redirect_is_let_in_by_its_mac() -> None:
    outcome = OpenNds().let_in(settings(3), LetIn(Mac("aac2fafc2c6b"), "u", "p", 60, ""), NOW)
    assert isinstance(outcome, RouterEntry) and outcome.text.startswith("aa:c2:fa:fc:2c:6b 1 0 0 ")
    assert opennds_list.listing([outcome.text]) != "*"
    assert OpenNds().put_out(settings(3), Mac("aac2fafc2c6b"), NOW) == RouterEntry("aa:c2:fa:fc:2c:6b")


def test_the_daemons_authmon_is_understood() -> None:
    for seen in VECTORS["authmon"]:
        text = opennds_list.text_of(seen["form"]["payload"])
        assert text == seen["payload"]
        if seen["answer"].startswith("* "):
            *taken, custom = unquote(seen["answer"][2:]).split(" ")
            ours = opennds_list.entry(taken[0], 1, 0, 0, "60-0-0-" + "0" * 20)
            assert ours.split(" ")[:-1] == taken and len(ours) < 2 * len(seen["answer"])
            assert opennds_list.listing([ours]) == seen["answer"].replace(quote(custom, safe=""), "60-0-0-" + "0" * 20)
    names = [opennds_list.acknowledged(seen["payload"]) for seen in VECTORS["authmon"]]
    assert [sorted(n) for n in names if n] == [[VECTORS["levels"]["3"]["rhid"]]]
    gone = [opennds_list.farewell(seen["payload"]) for seen in VECTORS["authmon"]]
    (one,) = [g for g in gone if g is not None]
    assert (one.mac, one.method, one.downloaded, one.uploaded) == (Mac("aac2fafc2c6b"), "ndsctl_deauth", 7385, 1990)
    assert (one.ended_at - one.started_at).total_seconds() == 1


def test_a_list_is_whole_entries_within_1022_characters_from_the_front() -> None:
    many = [opennds_list.entry(rhid_of(str(n), FASKEY), n, 0, 0, "60-0-0-" + "0" * 20) for n in range(1, 60)]
    said = opennds_list.listing(many)
    got = [unquote(word) for word in said[2:].split(" ")]
    assert said[:2] == "* " and 1022 - 130 < len(said) - 2 <= 1022
    assert got == many[: len(got)] and len(got) >= 7


@pytest.mark.parametrize(
    "entry", ["", "x", "$(reboot) 1 0 0 0 0 a", f"{HID} 1 0 0 0 0 `id`", f"{HID} 1 0 0 0 0 a==", f"{HID} 0 0 0 0 0 a",
     f"{HID} 1;id 0 0 0 0 a", f"{HID} 1 0 0 0 0 a\n", f"{HID.upper()} 1 0 0 0 0 a"],
)  # fmt: skip
def test_nothing_but_an_entry_reaches_the_router_s_shell(entry: str) -> None:
    """authmon evaluates what it is answered."""
    good = opennds_list.entry(HID, 60, 0, 0, "60-0-0-a")
    assert opennds_list.listing([entry, good]) == opennds_list.listing([good])


@given(st.text(max_size=200), st.binary(max_size=200))
def test_hostile_payloads_mean_nothing(text: str, raw: bytes) -> None:
    assert opennds_list.acknowledged(text) == frozenset() or text.startswith("* ")
    for payload in (text, base64.b64encode(raw).decode()):
        opennds_list.farewell(opennds_list.text_of(payload))
        opennds_list.acknowledged(opennds_list.text_of(payload))


@pytest.mark.parametrize(
    "line",
    ["", "method=x", "method=x, clientmac=aa:c2:fa:fc:2c:6b, bytes_incoming=-1, bytes_outgoing=0, session_start=1, session_end=2",
     "method=x, clientmac=aa:c2:fa:fc:2c:6b, bytes_incoming=1, bytes_outgoing=0, session_start=5, session_end=2",
     "method=x, clientmac=aa:c2:fa:fc:2c:6b, bytes_incoming=1, bytes_outgoing=0, session_start=5, session_end=" + "9" * 30,
     "method=x, clientmac=nobody, bytes_incoming=1, bytes_outgoing=0, session_start=1, session_end=2"],
)  # fmt: skip
def test_a_farewell_that_cannot_be_is_none(line: str) -> None:
    assert opennds_list.farewell(line) is None


@pytest.mark.parametrize(
    ("code", "level", "how"),
    [
        ("opennds_key", 2, {"secret": "short"}), ("opennds_key", 2, {"secret": "with a blank 0123456"}),
        ("opennds_name", 3, {"name": "Кафе"}),
        ("opennds_name", 3, {"name": "a, b"}), ("opennds_name", 3, {"name": " a"}), ("opennds_name", 3, {"name": "a" * 61}),
        ("opennds_address", 3, {"base_url": "https://10.0.0.1:2050"}), ("opennds_address", 3, {"base_url": "http://10.0.0.1"}),
        ("opennds_level", 5, {}), ("opennds_level", 0, {}),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(code: str, level: int, how: dict[str, str]) -> None:
    with pytest.raises(PortalError, match=code):
        OpenNds().check(settings(level, **({"secret": "k" * 16} | how)))


def test_level_one_needs_the_owners_word() -> None:
    config = GatewaySettings("opennds", ROUTER, "k" * 16, "teremok", {"level": "1"})
    with pytest.raises(PortalError, match="opennds_bypass"):
        OpenNds().check(config)
    for level in LEVELS:
        OpenNds().check(settings(level, secret="k" * 16))


def test_only_levels_that_fetch_are_known_by_their_hash() -> None:
    right = VECTORS["gatewayhash"]["Lab%20Gateway"]
    assert [level for level in LEVELS if says_its_name(settings(level), right)] == [3, 4]
    assert [level for level in LEVELS if OpenNds().by_worker(settings(level))] == [3, 4]
    assert not says_its_name(settings(3), "") and not says_its_name(settings(3), right.upper())


def grant(seconds: int) -> LetIn:
    return LetIn(
        Mac("aac2fafc2c6b"), "user", "pass-word-1", seconds, "https://wifi.example.ru/connected/abc?x=1",
        up_kbps=4000, down_kbps=8000, extra={"h": HID},
    )  # fmt: skip
