"""UAM against published vectors, against an emulator written apart from it, and against what a browser may invent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.gateways import uam
from portal.gateways.base import Arrival, BadArrival, GatewaySettings, Knock, LetIn, PortalUrls
from portal.gateways.registry import gateway
from portal.gateways.trips import marked, trips_of
from tests.support import chilli_router

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PORTAL = "https://wifi.example.ru/wifi/teremok"
SECRET = "uam-secret-0123456789-abcdef"
CONFIG = GatewaySettings("coovachilli", "http://10.1.0.1:3990", SECRET, "teremok")
CHALLENGE = bytes.fromhex("00112233445566778899aabbccddeeff")
BACK = "https://wifi.example.ru/connected/token"
GRANT = LetIn(Mac("021122334455"), "name-1", "password123", 3600, BACK)
VECTOR = (
    "http://portal.example/uam?res=notyet&uamip=10.1.0.1&uamport=3990&challenge=00112233445566778899aabbccddeeff"
    "&called=02-AA-BB-CC-DD-01&mac=02-11-22-33-44-55&ip=10.1.0.7&nasid=cafe1&sessionid=5f00000000000001"
    "&userurl=http%3a%2f%2fcaptive.apple.com%2f"
)


def test_the_vectors_of_the_wire() -> None:
    assert uam.redirect_md(VECTOR, "uamsecret") == "07AE9BB38E9C890A940CEA2B50B103AB"
    assert uam.new_challenge(CHALLENGE, "uamsecret").hex() == "5123f6c2e8e2f1326c60bc84bbcc1b7f"
    assert uam.chap_response(CHALLENGE, "uamsecret", "password123") == "e4877f97305248e8f015c65c93ee522f"
    assert uam.pap_password(CHALLENGE, "uamsecret", "password123")[:22] == "214285b19f8d83565d528f"


def test_the_emulator_passes_the_same_vectors() -> None:
    assert chilli_router.signed(VECTOR, "uamsecret") == VECTOR + "&md=07AE9BB38E9C890A940CEA2B50B103AB"
    mixed = chilli_router.new_challenge(CHALLENGE, "uamsecret")
    assert mixed.hex() == "5123f6c2e8e2f1326c60bc84bbcc1b7f"
    assert chilli_router.escaped("http://captive.apple.com/") == "http%3a%2f%2fcaptive.apple.com%2f"
    assert chilli_router.shown_password("214285b19f8d83565d528f84bbcc1b7f", mixed) == "password123"


@pytest.mark.parametrize("length", [1, 11, 15, 16, 17, 24, 31, 32, 33, 64])
def test_a_hidden_password_of_any_length_comes_out_whole(length: int) -> None:
    password = ("Ab1-_xYz" * 8)[:length]
    hidden = uam.pap_password(CHALLENGE, SECRET, password)
    assert chilli_router.shown_password(hidden, chilli_router.new_challenge(CHALLENGE, SECRET)) == password


def redirect(*changes: tuple[str, str | None], portal: str = PORTAL, secret: str = SECRET, tail: str = "") -> Knock:
    """A redirect as chilli makes it, with some values changed, added or (None) left out, and signed."""
    values = dict(parse_qsl(urlsplit(VECTOR).query, keep_blank_values=True))
    for name, value in changes:
        values = {k: v for k, v in values.items() if k != name} | ({name: value} if value is not None else {})
    text = portal + "?" + "&".join(f"{name}={chilli_router.escaped(value)}" for name, value in values.items())
    url = chilli_router.signed(text, secret) + tail
    query = urlsplit(url).query
    return Knock(portal, query, dict(parse_qsl(query, keep_blank_values=True)))


def parse(knock: Knock, config: GatewaySettings = CONFIG, now: datetime = NOW) -> Arrival:
    return gateway(config.kind).parse(knock, config, now)


def test_an_honest_redirect_says_who_joined() -> None:
    arrived = parse(redirect())
    assert (arrived.mac, arrived.ip, arrived.ap) == (Mac("021122334455"), "10.1.0.7", "02:aa:bb:cc:dd:01")
    assert (arrived.state, arrived.vouched, arrived.original_url) == ("blocked", True, "http://captive.apple.com/")
    assert arrived.extra == {"c": CHALLENGE.hex()} and arrived.challenge_expires_at == NOW + timedelta(seconds=600)


@pytest.mark.parametrize("written", ["02:11:22:33:44:55", "02-11-22-33-44-55", "021122334455", "0211.2233.4455", "021122-334455"])
def test_a_mac_in_any_writing_is_the_same_device(written: str) -> None:
    assert parse(redirect(("mac", written.upper()))).mac == parse(redirect(("mac", written))).mac == Mac("021122334455")


@pytest.mark.parametrize(
    ("res", "reason", "state", "refusal"),
    [("notyet", None, "blocked", ""), ("challenge", None, "blocked", ""), ("splash", None, "blocked", ""),
     ("success", None, "online", ""), ("already", None, "online", ""), ("logoff", None, "left", ""),
     ("failed", "reject", "refused", "reject"), ("failed", "timeout", "refused", "timeout"),
     ("failed", "mtu", "refused", "other"), ("failed", None, "refused", "other")],
)  # fmt: skip
def test_what_a_redirect_tells(res: str, reason: str | None, state: str, refusal: str) -> None:
    arrived = parse(redirect(("res", res), ("reason", reason)))
    assert (arrived.state, arrived.refusal) == (state, refusal)
    assert bool(arrived.extra) == (state == "blocked"), "after a refusal the old challenge may stand in it"
    assert arrived.again_url == "http://10.1.0.1:3990/prelogin"


@pytest.mark.parametrize(
    "change",
    [("res", "wispr"), ("res", ""), ("res", None), ("uamip", "10.9.9.9"), ("uamip", None), ("uamport", "80"), ("uamport", ""),
     ("uamip", "evil.example"), ("challenge", "00"), ("challenge", None), ("challenge", "g" * 32), ("challenge", "0" * 64),
     ("mac", "nonsense"), ("mac", None), ("mac", "00-00-00-00-00-00"), ("ip", "10.1.0.300"), ("ip", None), ("ip", "")],
)  # fmt: skip
def test_what_is_signed_and_makes_no_sense_is_refused(change: tuple[str, str | None]) -> None:
    with pytest.raises(BadArrival, match="malformed"):
        parse(redirect(change))


def test_only_what_the_gateway_signed_counts() -> None:
    honest = redirect(tail="&mac=02-99-99-99-99-99&lang=en&userurl=http://evil.example/")
    assert parse(honest) == parse(redirect())
    for query in (
        honest.query.replace("mac=02-11", "mac=02-12"), honest.query.replace("&md=", "&MD="), honest.query.split("&md=")[0],
        honest.query.replace("%3a", ":"), honest.query + "&md=" + "0" * 32, "md=" + "0" * 32, "", "&md=",
        honest.query.replace("res=", "res=notyet&res="), "a=%ff&md=\xff",
    ):  # fmt: skip
        with pytest.raises(BadArrival):
            parse(Knock(PORTAL, query, {}))
    with pytest.raises(BadArrival, match="malformed"):
        parse(redirect(*((f"x{n}", "1") for n in range(60))))
    with pytest.raises(BadArrival, match="malformed"):
        parse(redirect(("userurl", "http://a.example/" + "a" * 9000)))


def test_a_name_said_twice_is_refused_even_where_it_is_signed() -> None:
    text = VECTOR.replace("http://portal.example/uam", PORTAL) + "&mac=02-99-99-99-99-99"
    with pytest.raises(BadArrival, match="malformed"):
        parse(Knock(PORTAL, urlsplit(chilli_router.signed(text, SECRET)).query, {}))


def test_another_portals_and_another_secrets_redirects_are_refused() -> None:
    with pytest.raises(BadArrival, match="unsigned"):
        parse(replace(redirect(portal="https://wifi.example.ru/wifi/izbushka"), portal_url=PORTAL))
    with pytest.raises(BadArrival, match="unsigned"):
        parse(redirect(secret="another-secret-0123456789"))
    with pytest.raises(BadArrival, match="unsigned"):
        parse(redirect(secret=""), replace(CONFIG, secret=""))


def let_in(knock: Knock, later: timedelta = timedelta(), pap: bool = False) -> tuple[str, dict[str, str]]:
    arrived = parse(knock)
    grant = replace(GRANT, extra=arrived.extra, challenge_expires_at=arrived.challenge_expires_at)
    url = gateway("coovachilli").let_in(replace(CONFIG, options={"pap": pap}), grant, NOW + later).url
    assert url.startswith(CONFIG.base_url + "/")
    parts = urlsplit(url)
    return parts.path, dict(parse_qsl(parts.query))


def test_the_login_answers_the_challenge_and_keeps_the_password() -> None:
    path, said = let_in(redirect())
    assert path == "/logon" and said["username"] == "name-1" and said["userurl"].startswith(BACK + "?trip=1.")
    assert said["response"] == uam.chap_response(CHALLENGE, SECRET, "password123")
    path, said = let_in(redirect(), pap=True)
    mixed = chilli_router.new_challenge(CHALLENGE, SECRET)
    assert path == "/logon" and chilli_router.shown_password(said["password"], mixed) == "password123"
    assert "response" not in said


def test_a_challenge_that_is_old_spent_or_missing_is_asked_for_anew() -> None:
    assert let_in(redirect(), timedelta(seconds=599))[0] == "/logon"
    for path, said in (
        let_in(redirect(), timedelta(seconds=600)),
        let_in(redirect(("res", "failed"))),
        let_in(redirect(("res", "logoff"))),
    ):
        assert path == "/prelogin" and said["userurl"].startswith(BACK + "?trip=1.") and said.keys() == {"userurl"}


def test_a_replayed_redirect_says_the_same_of_the_device_and_its_challenge_counts_from_now() -> None:
    """`md` holds no time: the gateway itself refuses the answer to a challenge that is not the device's own any more."""
    arrived = parse(redirect(), now=NOW + timedelta(days=30))
    assert arrived.vouched and arrived.challenge_expires_at == NOW + timedelta(days=30, seconds=600)


def test_trips_are_counted_in_our_own_url_only_and_for_a_minute() -> None:
    ours = marked(BACK, 3, NOW)
    assert trips_of(ours, PORTAL, NOW + timedelta(seconds=60)) == 3
    assert trips_of(ours, PORTAL, NOW + timedelta(seconds=61)) == trips_of(ours, PORTAL, NOW - timedelta(hours=1)) == 0
    assert trips_of(ours.replace("wifi.example.ru", "evil.example"), PORTAL, NOW) == 0
    assert trips_of(marked(BACK + "?x=1", 2, NOW), PORTAL, NOW) == 2
    assert trips_of(marked(BACK, 77, NOW), PORTAL, NOW) == 9
    arrived = parse(redirect(("userurl", ours)))
    assert (arrived.trips, arrived.original_url, arrived.came_back) == (3, "", ours)
    assert let_in(redirect(("userurl", ours)))[1]["userurl"] == marked(BACK, 4, NOW)


def test_settings_that_cannot_work_are_refused() -> None:
    check = gateway("coovachilli").check
    check(CONFIG)
    for address in ("https://10.1.0.1:3990", "http://10.1.0.1", "10.1.0.1:3990", "http://10.1.0.1:3990/x", ""):
        with pytest.raises(PortalError, match="uam_address"):
            check(replace(CONFIG, base_url=address))
    for secret in ("", "short", "with blanks in it 0123456789", "a" * 101):
        with pytest.raises(PortalError, match="uam_secret"):
            check(replace(CONFIG, secret=secret))
    with pytest.raises(PortalError, match="uam_option"):
        check(replace(CONFIG, options={"pap": "yes"}))


URLS = PortalUrls(
    PORTAL, "https://wifi.example.ru/capport/key", "https://wifi.example.ru/poll", ("wifi.example.ru", "go.example.ru"),
    "192.0.2.5", 1812, 1813, "radius-secret", "teremok-nas", ("77.88.8.7", "77.88.8.3"),
)  # fmt: skip


def test_the_pasted_configuration_is_whole() -> None:
    file, start = gateway("coovachilli").pastes(CONFIG, URLS)
    assert "hook prerouting" in start.text and "guests iifname wlan0 drop" in start.text, "else the kernel forwards guests"
    said = dict(line.partition(" ")[::2] for line in file.text.splitlines() if line and not line.startswith("#"))
    assert said | {"macauth": ""} == {
        "dhcpif": "wlan0", "net": "10.1.0.0/24", "uamlisten": "10.1.0.1", "uamport": "3990", "dns1": "77.88.8.7",
        "dns2": "77.88.8.3",
        "uamserver": PORTAL, "uamsecret": SECRET, "uamallowed": "wifi.example.ru,go.example.ru", "challengetimeout": "600",
        "radiusserver1": "192.0.2.5", "radiusserver2": "192.0.2.5", "radiusauthport": "1812", "radiusacctport": "1813",
        "radiussecret": "radius-secret", "radiusnasid": "teremok-nas", "coaport": "3799", "definteriminterval": "600",
        "macauth": "", "captiveportalapi_uri": "https://wifi.example.ru/capport/key/%{m}",
    }  # fmt: skip
    assert SECRET not in repr(file)


def test_keenetics_form_names_every_field() -> None:
    text = "\n".join(paste.text for paste in gateway("keenetic").pastes(replace(CONFIG, kind="keenetic"), URLS))
    for value in (
        PORTAL,
        SECRET,
        "radius-secret",
        "teremok-nas",
        "wifi.example.ru, go.example.ru",
        "192.0.2.5",
        "10.1.0.1:3990",
        "77.88.8.7",
    ):
        assert value in text
