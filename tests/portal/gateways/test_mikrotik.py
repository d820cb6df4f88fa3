"""MikroTik's hotspot against the manual's vector, an emulator of its pages, and what a browser may invent."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.gateways import mikrotik, mikrotik_files
from portal.gateways.base import Arrival, BadArrival, FormPage, GatewaySettings, Knock, LetIn, PortalUrls, Redirect
from portal.gateways.registry import gateway
from tests.support import mikrotik_router

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PORTAL = "https://wifi.example.ru/wifi/teremok"
CONFIG = GatewaySettings("mikrotik", "http://10.5.50.1", "secret-0123456789", "teremok")
BACK = "https://wifi.example.ru/connected/token"
GRANT = LetIn(Mac("021122334455"), "name-1", "password123", 3600, BACK)
CHAP_ID = "\\371"
CHALLENGE = "\\357\\015\\330\\013\\021\\234\\145\\245\\303\\253\\142\\246\\133\\175\\375\\316"
RAW = bytes.fromhex("ef0dd80b119c65a5c3ab62a65b7dfdce")
VALUES = {
    "mac": "02:11:22:33:44:55", "ip": "10.5.50.7", "link-login-only": "http://10.5.50.1/login",
    "link-orig": "http://captive.apple.com/", "chap-id": CHAP_ID, "chap-challenge": CHALLENGE, "server-name": "hotspot1",
    "identity": "teremok-nas", "error": "",
}  # fmt: skip
URLS = PortalUrls(
    PORTAL, "https://wifi.example.ru/capport/key", "https://wifi.example.ru/poll", ("wifi.example.ru",), "192.0.2.5", 1812, 1813,
    'rad"ius$secret', "teremok-nas", ("77.88.8.7", "77.88.8.3"),
)  # fmt: skip


def test_the_vector_of_the_manual() -> None:
    assert mikrotik.octets(CHAP_ID.encode(), 1) == b"\xf9" and mikrotik.octets(CHALLENGE.encode(), 16) == RAW
    assert mikrotik.chap_password(b"\xf9", RAW, "password123") == "9ec8491db0b97148de09065377433ceb"


def test_the_emulator_passes_the_same_vector() -> None:
    assert mikrotik_router.md5_js(CHAP_ID, "password123", CHALLENGE) == "9ec8491db0b97148de09065377433ceb"
    assert mikrotik_router.octal(RAW) == CHALLENGE
    assert (
        mikrotik_router.filled("$(if chap-id)a$(else)b$(endif)-$(mac-esc)-$(ip)", {"chap-id": "", "mac": "A:B", "ip": "<"})
        == "b-A%3AB-&lt;"
    )


def knock(**changes: str | None) -> Knock:
    values = {
        name: value
        for name, value in (VALUES | {k.replace("_", "-"): v for k, v in changes.items()}).items()
        if value is not None
    }
    return Knock(PORTAL, urlencode(values, errors="replace"), values)


def parse(said: Knock, config: GatewaySettings = CONFIG, now: datetime = NOW) -> Arrival:
    return gateway("mikrotik").parse(said, config, now)


def test_an_honest_page_says_who_joined_and_vouches_for_nothing() -> None:
    arrived = parse(knock())
    assert (arrived.mac, arrived.ip, arrived.vouched) == (Mac("021122334455"), "10.5.50.7", False)
    assert (arrived.state, arrived.original_url) == ("blocked", "http://captive.apple.com/")
    assert arrived.extra == {"i": "f9", "c": RAW.hex()} and arrived.challenge_expires_at == NOW + timedelta(seconds=600)


@pytest.mark.parametrize("written", ["02:11:22:33:44:55", "02-11-22-33-44-55", "021122334455", "0211.2233.4455", "021122-334455"])
def test_a_mac_in_any_writing_is_the_same_device(written: str) -> None:
    assert parse(knock(mac=written)).mac == parse(knock(mac=written.upper())).mac == Mac("021122334455")


def test_the_challenge_may_come_as_octal_text_or_as_raw_bytes() -> None:
    raw = "&".join(f"{n}={quote(v)}" for n, v in VALUES.items() if not n.startswith("chap"))
    raw += "&chap-id=%F9&chap-challenge=" + quote(RAW)
    assert parse(Knock(PORTAL, raw, VALUES)).extra == parse(knock()).extra
    unescaped = urlencode(VALUES).replace("%5C", "\\")  # as browsers send a refresh's URL
    assert parse(Knock(PORTAL, unescaped, VALUES)).extra == parse(knock()).extra


@pytest.mark.parametrize(
    "changes",
    [{"link_login_only": place} for place in (
        "http://evil.example/login", "http://10.5.50.1.evil.example/login", "http://10.5.50.1:8080/login", "https://10.5.50.1/login",
        "http://10.5.50.1/logout", "http://user@10.5.50.1/login", "http://10.5.50.1:x/login", "//10.5.50.1/login", "", "http://[bad/login",
        "javascript:alert(1)", None)]
    + [{"mac": "---"}, {"mac": None}, {"ip": "10.5.50.300"}, {"ip": None}, {"chap_id": "\\999"}, {"chap_id": "\\3"},
       {"chap_id": ""},
       {"chap_challenge": None}, {"chap_challenge": CHALLENGE[:-4]}, {"chap_challenge": CHALLENGE + "\\001"},
       {"chap_challenge": "\\777" * 16}, {"chap_id": CHAP_ID * 2}, {"link_orig": "http://a.example/" + "a" * 9000}],
)  # fmt: skip
def test_what_does_not_come_from_this_gateway_or_makes_no_sense_is_refused(changes: dict[str, str | None]) -> None:
    with pytest.raises(BadArrival, match="malformed"):
        parse(knock(**changes))


def test_a_name_said_twice_is_refused() -> None:
    with pytest.raises(BadArrival, match="malformed"):
        parse(replace(knock(), repeated=frozenset({"mac"})))
    assert parse(replace(knock(), repeated=frozenset({"utm_source"}))).mac


def test_the_default_port_is_the_same_place_however_it_is_written() -> None:
    assert parse(knock(link_login_only="http://10.5.50.1:80/login"))
    assert parse(
        knock(link_login_only="https://wifi.cafe.example/login"), replace(CONFIG, base_url="https://wifi.cafe.example:443")
    )


@pytest.mark.parametrize(
    ("error", "state", "refusal"),
    [
        ("", "blocked", ""),
        ("RADIUS server is not responding", "refused", "timeout"),
        ("invalid username or password", "refused", "reject"),
    ],
)
def test_what_an_error_tells(error: str, state: str, refusal: str) -> None:
    arrived = parse(knock(error=error))
    assert (arrived.state, arrived.refusal, arrived.again_url) == (state, refusal, "http://10.5.50.1/login")


def let_in(later: timedelta = timedelta(), **changes: str | None) -> Redirect | FormPage:
    arrived = parse(knock(**changes))
    grant = replace(GRANT, extra=arrived.extra, challenge_expires_at=arrived.challenge_expires_at)
    return gateway("mikrotik").let_in(CONFIG, grant, NOW + later)


def test_the_chap_login_is_a_link_without_the_password() -> None:
    outcome = let_in()
    assert isinstance(outcome, Redirect)
    parts = urlsplit(outcome.url)
    said = dict(parse_qsl(parts.query))
    assert outcome.url.startswith("http://10.5.50.1/login?") and "password123" not in outcome.url
    assert said["password"] == "9ec8491db0b97148de09065377433ceb" and said["username"] == "name-1"
    assert said["dst"].startswith(BACK + "?trip=1.") and said["popup"] == "false"


def test_the_clear_password_goes_by_a_form_and_never_into_an_address() -> None:
    outcome = gateway("mikrotik").let_in(replace(CONFIG, options={"pap": True}), GRANT, NOW)
    assert isinstance(outcome, FormPage) and outcome.action == "http://10.5.50.1/login"
    assert dict(outcome.fields)["password"] == "password123" and "password123" not in repr(outcome)


def test_without_a_challenge_that_holds_the_guest_gets_the_routers_page_again() -> None:
    for outcome in (let_in(timedelta(seconds=600)), let_in(chap_id=None, chap_challenge=None)):
        assert isinstance(outcome, Redirect)
        assert dict(parse_qsl(urlsplit(outcome.url).query)).keys() == {"dst"} and outcome.url.startswith(
            "http://10.5.50.1/login?"
        )


def test_settings_that_cannot_work_are_refused() -> None:
    check = gateway("mikrotik").check
    for good in ("http://10.5.50.1", "https://wifi.cafe.example", "http://10.5.50.1:8080"):
        check(replace(CONFIG, base_url=good))
    for bad in ("ftp://10.5.50.1", "10.5.50.1", "http://10.5.50.1/login", "http://a b", "http://user@10.5.50.1", 'http://a"b'):
        with pytest.raises(PortalError, match="mikrotik_address"):
            check(replace(CONFIG, base_url=bad))
    with pytest.raises(PortalError, match="mikrotik_option"):
        check(replace(CONFIG, options={"pap": 1}))


def pasted(config: GatewaySettings = CONFIG) -> dict[str, str]:
    return {paste.where.rpartition("/")[2]: paste.text for paste in gateway("mikrotik").pastes(config, URLS)}


def test_the_routers_pages_need_no_scripts() -> None:
    files = pasted()
    assert "<script" not in files["login.html"] + files["alogin.html"]
    for name in VALUES:
        assert f'name="{name}" value="$({name})"' in files["login.html"]
    assert (
        f'<meta http-equiv="refresh" content="0; url={PORTAL}?mac=$(mac-esc)&amp;ip=$(ip)&amp;link-login-only='
        in files["login.html"]
    )


def test_api_json_is_json_before_and_after() -> None:
    template = pasted()["api.json"]
    facts = {"link-login-only": "https://wifi.cafe.example/login", "remain-bytes-total": ""}
    before = json.loads(mikrotik_router.filled(template, {**facts, "logged-in": "no", "session-timeout-secs": "0"}))
    after = json.loads(mikrotik_router.filled(template, {**facts, "logged-in": "yes", "session-timeout-secs": "77"}))
    assert before == {
        "captive": True, "user-portal-url": "https://wifi.cafe.example/login", "can-extend-session": False,
        "venue-info-url": "https://wifi.example.ru/v/teremok",
    }  # fmt: skip
    assert after["captive"] is False and after["seconds-remaining"] == 77


def test_the_console_gets_everything() -> None:
    said = pasted()["RouterOS terminal"]
    for piece in (
        'secret="rad\\"ius\\$secret"', "service=hotspot", 'address="192.0.2.5"', "/radius incoming set accept=yes port=3799",
        "login-by=mac,http-chap", "mac-auth-mode=mac-as-username-and-password", "use-radius=yes radius-accounting=yes",
        "radius-interim-update=received", 'walled-garden add comment=vestibule dst-host="wifi.example.ru"',
        "html-directory-override=",
        "dns-server=77.88.8.7,77.88.8.3", 'set name="teremok-nas"',
    ):  # fmt: skip
        assert piece in said, piece
    assert "code=114" not in said, "needs a name and a certificate"
    named = mikrotik_files.commands(CONFIG, replace(URLS, radius_host="portal.example.ru"))
    assert 'address=[:resolve "portal.example.ru"] ' in named, "/radius takes no names"
    secure = pasted(replace(CONFIG, base_url="https://wifi.cafe.example", options={"pap": True}))["RouterOS terminal"]
    assert "code=114 force=yes value=\"'https://wifi.cafe.example/api'\"" in secure and "login-by=mac,http-pap,https" in secure
    assert "dns-name=wifi.cafe.example" in secure and mikrotik_files.FOLDER in secure
