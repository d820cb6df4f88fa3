"""UniFi without a network: its redirect, its settings, what is ordered, what the owner is told to set."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.gateways.base import ApiCall, BadArrival, GatewaySettings, Knock, LetIn, PortalUrls
from portal.gateways.unifi import UniFi

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MAC = Mac("1c712563e424")
KEY = "an-api-key-of-the-owner"
UNIFI = UniFi()
URLS = PortalUrls(
    "https://wifi.example.ru/wifi/teremok",
    "",
    "",
    ("wifi.example.ru", "static.example.ru"),
    family_dns=("77.88.8.7", "77.88.8.3"),
)


def config(base: str = "https://10.0.0.2:8443", secret: str = KEY, **options: Any) -> GatewaySettings:
    return GatewaySettings("unifi", base, secret, "teremok", {"api": "integration", **options})


def query(**changed: str | None) -> dict[str, str]:
    """The redirect of help.ui.com's article, with the site that our door puts before it."""
    values: dict[str, str | None] = {
        "site": "default", "ap": "94:2a:6f:d0:30:57", "id": "1c:71:25:63:e4:24", "t": str(int(NOW.timestamp())),
        "url": "http://example.org/news", "ssid": "Теремок гости",
    }  # fmt: skip
    return {name: value for name, value in (values | changed).items() if value is not None}


def parse(values: dict[str, str], settings: GatewaySettings | None = None, at: datetime = NOW, *repeated: str) -> Any:
    return UNIFI.parse(Knock("https://wifi.example.ru/wifi/teremok", "", values, frozenset(repeated)), settings or config(), at)


def test_the_redirect_is_a_hint_of_a_device_at_an_access_point() -> None:
    arrived = parse(query())
    assert (arrived.mac, arrived.ap, arrived.ssid, arrived.original_url) == (
        MAC, "94:2a:6f:d0:30:57", "Теремок гости", "http://example.org/news",
    )  # fmt: skip
    assert not arrived.vouched and arrived.ip is None and arrived.extra == {"ap": "942a6fd03057"}


@pytest.mark.parametrize(
    "changed",
    [{"site": "other"}, {"site": None}, {"site": ""}, {"id": None}, {"id": ""}, {"id": "1c:71:25:63:e4"},
     {"id": "ff:ff:ff:ff:ff:ff"}, {"ap": None}, {"ap": "x"}, {"t": None}, {"t": ""}, {"t": "-1"}, {"t": "1e9"},
     {"t": "٣٤"}, {"t": "9" * 400},
     {"t": "²"}, {"id": "1c:71:25:63:e4:24\x00"}, {"id": "%31c:71:25:63:e4:24"}],
)  # fmt: skip
def test_a_redirect_that_is_not_whole_is_refused(changed: dict[str, str | None]) -> None:
    with pytest.raises(BadArrival, match="malformed"):
        parse(query(**changed))


@pytest.mark.parametrize("seconds", [601, -601, 86400 * 365])
def test_an_old_or_future_redirect_is_refused(seconds: int) -> None:
    assert parse(query(), at=NOW + timedelta(seconds=600)).mac == MAC
    with pytest.raises(BadArrival, match="stale"):
        parse(query(), at=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("name", ["site", "id", "ap", "t", "url", "ssid"])
def test_a_value_that_is_given_twice_is_refused(name: str) -> None:
    with pytest.raises(BadArrival, match="malformed"):
        parse(query(), config(), NOW, name)


@pytest.mark.parametrize("ssid", ["", "x" * 33, "я" * 17, "a\nb", "\ud800"])
def test_a_network_name_that_cannot_be_one_is_left_out(ssid: str) -> None:
    assert parse(query(ssid=ssid)).ssid is None


def test_a_grant_is_ordered_in_whole_minutes_for_the_device_and_its_access_point() -> None:
    grant = LetIn(MAC, "name", "password", 3601, "", up_kbps=4000, down_kbps=8000, extra={"ap": "942a6fd03057"})
    assert UNIFI.let_in(config(), grant, NOW) == ApiCall(
        "let_in", {"mac": "1c:71:25:63:e4:24", "minutes": 61, "up": 4000, "down": 8000, "ap": "94:2a:6f:d0:30:57"}
    )
    assert UNIFI.let_in(config(), LetIn(MAC, "n", "p", 1, ""), NOW).facts["minutes"] == 1
    assert UNIFI.put_out(config(), MAC, NOW) == ApiCall("put_out", {"mac": "1c:71:25:63:e4:24"})


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("unifi_unknown_api", config(api="")),
        ("unifi_unknown_api", config(api="cloud")),
        ("unifi_unknown_option", config(verify=False)),
        ("unifi_bad_option", config(verify_tls=False)),
        ("unifi_bad_option", config(site="x" * 301)),
        ("unifi_bad_site", config(site="../../x")),
        ("unifi_bad_site", config(site="a b")),
        ("unifi_bad_site_id", config(site_id="../sites")),
        ("unifi_bad_site_id", config(api="os", user="u", site_id="88f7af54-98f8-306a-a1c7-c9349722b1f6")),
        ("unifi_needs_user", config(api="os")),
        ("unifi_needs_user", config(api="classic", user=" ")),
        ("unifi_needs_secret", config(secret="")),
        ("unifi_bad_key", config(secret="key\r\nX-Other: 1")),
        ("unifi_needs_https", config("http://10.0.0.2")),
        ("unifi_needs_https", config("https://")),
        ("unifi_needs_https", config("https://user@10.0.0.2")),
        ("unifi_needs_https", config("https://10.0.0.2/manage")),
        ("unifi_needs_https", config("https://10.0.0.2:99999")),
        ("unifi_needs_https", config("https://10.0.0.2?x=1")),
        ("unifi_bad_fingerprint", config(verify_tls="sha256:AB:CD")),
        ("unifi_bad_fingerprint", config(verify_tls="sha256:" + "g" * 64)),
        ("unifi_no_ca_file", config(verify_tls="/nowhere/ca.pem")),
        ("unifi_no_ca_file", config(verify_tls="false")),
        ("unifi_no_ca_file", config(verify_tls="ca.pem")),
        ("unifi_bad_aps", config(aps="94:2a:6f:d0:30")),
        ("unifi_bad_aps", config(aps=["94:2a:6f:d0:30:57"])),
    ],
)
def test_settings_that_cannot_work_are_named(code: str, settings: GatewaySettings) -> None:
    with pytest.raises(PortalError, match=f"^{code}$"):
        UNIFI.check(settings)


def test_settings_that_work_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    for settings in (
        config(), config("https://unifi.local"), config(verify_tls="sha256:" + "AB:" * 31 + "AB"),
        config(verify_tls="sha256:" + "0" * 64),
        config(verify_tls=str(tmp_path / "ca.pem")), config(api="os", user="vestibule", site="8f3k2m1x"),
        config(aps="94:2a:6f:d0:30:57, 942A6FD03058\n94-2A-6F-D0-30-59"), config(site_id="88F7AF54-98f8-306a-a1c7-c9349722b1f6"),
    ):  # fmt: skip
        UNIFI.check(settings)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"api": "integration"}, ("Create API Key", "sha256")),
        ({"api": "os", "user": "vestibule", "verify_tls": "sha256:" + "0" * 64}, ("Restrict to Local Access Only", "vestibule")),
        ({"api": "classic", "user": "vestibule", "site": "cafe7"}, ("cafe7 only", "vestibule")),
    ],
)
def test_the_owner_is_told_everything_to_set_and_never_the_secret(options: dict[str, str], words: tuple[str, str]) -> None:
    pastes = UNIFI.pastes(config(**options), URLS)
    text = "\n".join(f"{paste.where}\n{paste.text}" for paste in pastes)
    site = options.get("site", "default")
    for word in (*words, "External Portal Server: wifi.example.ru", f"/guest/s/{site}/", "static.example.ru", "77.88.8.3"):
        assert word in text
    assert KEY not in text and all(paste.text.endswith("\n") for paste in pastes)


def test_nothing_of_a_gateway_shows_its_secret() -> None:
    from portal.gateways.unifi_options import read_options

    assert KEY not in repr((config(), read_options(config())))
