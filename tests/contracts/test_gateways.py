"""What every kind of gateway promises. A further kind joins by a line in `KINDS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.gateways import opennds_cipher
from portal.gateways.base import (
    Arrival,
    BadArrival,
    FormPage,
    Gateway,
    GatewaySettings,
    Knock,
    LetIn,
    Outcome,
    PortalUrls,
    Redirect,
    web_url,
)
from portal.gateways.registry import gateway, kinds
from portal.gateways.simulator import open_ticket, sign_arrival
from tests.support import chilli_router
from tests.support.forged import forged
from tests.support.mikrotik_router import octal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MAC = Mac("02aabbccdd01")
SECRET = "gateway-secret-0123456789-abcdef"
PORTAL = "https://wifi.example.ru/wifi/teremok"
GRANT = LetIn(MAC, "user-name-1", "pass-word-1", 3600, "https://wifi.example.ru/connected/abc?x=1", ip="10.0.0.9")
URLS = PortalUrls(
    PORTAL, "https://wifi.example.ru/capport/key", "https://wifi.example.ru/poll/key", ("wifi.example.ru",), "192.0.2.5",
    radius_secret="radius-secret-0123456789", nas_name="teremok-nas",
)  # fmt: skip
Query = str
Redirects = Callable[[str, datetime], Query]


@dataclass(frozen=True)
class Kind:
    """A kind under contract: its settings, and the query of a redirect as the real gateway would make it for MAC.

    `signed`: nothing in it can be changed. `ages`: it is refused later. `needs`: names without which it says nothing.
    `ip`: the address it tells, if any. `sends_browsers`: a guest's browser is sent to the gateway itself.
    """

    config: GatewaySettings
    redirect: Redirects
    vouches: bool
    signed: bool
    ages: bool
    needs: frozenset[str]
    ip: str | None = "10.0.0.9"
    sends_browsers: bool = True
    elsewhere: Mapping[str, Any] = field(default_factory=dict)  # options that another gateway has otherwise


def _simulated(wanted: str, at: datetime) -> Query:
    values = {"mac": MAC.colons, "ip": "10.0.0.9", "url": wanted, "ts": str(int(at.timestamp()))}
    return urlencode(values | {"sig": sign_arrival(SECRET, values)}, errors="replace")


def _uam(wanted: str, _at: datetime) -> Query:
    values = {
        "res": "notyet", "uamip": "10.1.0.1", "uamport": "3990", "challenge": "00112233445566778899aabbccddeeff",
        "called": "02-CA-6A-C4-63-BF", "mac": MAC.dashes, "ip": "10.0.0.9", "nasid": "cafe1", "userurl": wanted,
    }  # fmt: skip
    text = f"{PORTAL}?" + "&".join(f"{k}={chilli_router.escaped(v)}" for k, v in values.items())
    return chilli_router.signed(text, SECRET).partition("?")[2]


def _mikrotik(wanted: str, _at: datetime) -> Query:
    values = {
        "mac": MAC.colons.upper(), "ip": "10.0.0.9", "link-login-only": "http://10.5.50.1/login", "link-orig": wanted,
        "chap-id": "\\371", "chap-challenge": octal(bytes(range(16))), "server-name": "hotspot1", "identity": "nas", "error": "",
    }  # fmt: skip
    return urlencode(values, errors="replace")


def _unifi(wanted: str, at: datetime) -> Query:
    values = {
        "site": "default", "ap": "94:2a:6f:d0:30:57", "id": MAC.colons, "t": str(int(at.timestamp())), "url": wanted,
        "ssid": "Гости",
    }  # fmt: skip
    return urlencode(values, errors="replace")


def _unifi_kind(api: str, **options: str) -> Kind:
    config = GatewaySettings("unifi", "https://10.0.0.2:8443", SECRET, "teremok", {"api": api, **options})
    needs = frozenset({"site", "ap", "id", "t"})
    return Kind(
        config, _unifi, vouches=False, signed=False, ages=True, needs=needs, ip=None, sends_browsers=False,
        elsewhere={"site": "elsewhere"},
    )  # fmt: skip


def _opennds_kind(level: int) -> Kind:
    options = {"level": str(level), "allow_bypass": level == 1}
    config = GatewaySettings("opennds", "http://10.91.0.1:2050", SECRET, "teremok", options)

    def redirected(wanted: str, _at: datetime) -> Query:
        plain = {
            "hid": "3e" * 32, "clientip": "10.0.0.9", "clientmac": MAC.colons, "client_type": "cpd_can",
            "gatewayname": "vestibule-teremok", "version": "9.10.0", "gatewayaddress": "10.91.0.1:2050",
            "gatewaymac": "fa38fa936689", "originurl": opennds_cipher.escaped(wanted[:2500]),
            "clientif": "br-lan", "themespec": "(null)",
        }  # fmt: skip
        text = ", ".join([*(f"{name}={value}" for name, value in plain.items()), "(null)(null)"])
        iv = "0123456789abcdef" if level in (2, 3) else ""
        fas = opennds_cipher.seal_payload(level, text, iv, SECRET)
        return f"fas={fas}&iv={iv}" if iv else f"fas={fas}"

    signed, needs = level in (2, 3), frozenset({"fas", "iv"} if level in (2, 3) else {"fas"})
    return Kind(config, redirected, vouches=signed, signed=signed, ages=False, needs=needs, sends_browsers=level in (1, 2))


_UAM = Kind(
    GatewaySettings("coovachilli", "http://10.1.0.1:3990", SECRET, "teremok"), _uam, vouches=True, signed=True, ages=False,
    needs=frozenset({"res", "uamip", "uamport", "challenge", "mac", "ip", "md"}),
)  # fmt: skip
KINDS = {
    "simulator": Kind(
        GatewaySettings("simulator", "http://127.0.0.1:8002", SECRET, "teremok"), _simulated, vouches=True, signed=True,
        ages=True, needs=frozenset({"mac", "ip", "url", "ts", "sig"}),
    ),
    "coovachilli": _UAM,
    "keenetic": replace(_UAM, config=replace(_UAM.config, kind="keenetic")),
    "mikrotik": Kind(
        GatewaySettings("mikrotik", "http://10.5.50.1", SECRET, "teremok"), _mikrotik, vouches=False, signed=False, ages=False,
        needs=frozenset({"mac", "ip", "link-login-only"}),
    ),
    **{f"opennds-{level}": _opennds_kind(level) for level in (1, 2, 3, 4)},
    "unifi": _unifi_kind("integration"),
    "unifi-os": _unifi_kind("os", user="vestibule"),
    "unifi-classic": _unifi_kind("classic", user="vestibule", verify_tls="sha256:" + "0" * 64),
}  # fmt: skip


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind under contract."""
    return KINDS[request.param]


def knock(query: Query) -> Knock:
    """A request with this query, read as the web's door reads it."""
    values: dict[str, str] = {}
    repeated = set()
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=None):
        if name in values:
            repeated.add(name)
        values.setdefault(name, value)
    return Knock(PORTAL, query, values, frozenset(repeated))


def parse(kind: Kind, query: Query, at: datetime = NOW) -> Arrival:
    return gateway(kind.config.kind).parse(knock(query), kind.config, at)


def changed(query: Query, name: str, value: str | None) -> Query:
    """The query with one value replaced, or (None) left out; the rest stays as it was written."""
    pairs = [pair for pair in query.split("&") if value is not None or pair.partition("=")[0] != name]
    new = f"{name}={chilli_router.escaped(value or '')}"
    return "&".join(new if pair.partition("=")[0] == name else pair for pair in pairs)


def believed(kind: Kind, query: Query) -> Arrival | None:
    """The arrival of a query that may be refused, but never fail."""
    try:
        return parse(kind, query)
    except BadArrival:
        return None


def test_every_registered_kind_is_under_contract() -> None:
    assert set(kinds()) == {kind.config.kind for kind in KINDS.values()}
    with pytest.raises(PortalError, match="unknown_gateway"):
        gateway("nothing")


def test_the_settings_of_the_tests_are_settings_that_the_kind_takes(kind: Kind) -> None:
    gateway(kind.config.kind).check(kind.config)


def test_an_honest_redirect_becomes_an_arrival(kind: Kind) -> None:
    arrived = parse(kind, kind.redirect("http://example.org/page?a=1&b=2", NOW))
    assert (arrived.mac, arrived.ip, arrived.vouched) == (MAC, kind.ip, kind.vouches)
    assert arrived.original_url == "http://example.org/page?a=1&b=2" and arrived.state == "blocked"


@pytest.mark.parametrize(
    "wanted",
    ["javascript:alert(1)", "//evil.example", "ftp://a.example/", "data:text/html,x", "http://", "http://[bad", "https://a\r\nb.example",
     "http://user@evil.example/", "http://a.example/\"'><", "http://" + "a" * 3000, "", "\\\\evil", "HTTP:/x"],
)  # fmt: skip
def test_only_plain_web_addresses_are_ever_followed(kind: Kind, wanted: str) -> None:
    assert parse(kind, kind.redirect(wanted, NOW)).original_url == ""


def test_what_travels_in_the_visits_token_is_small(kind: Kind) -> None:
    arrived = parse(kind, kind.redirect("http://example.org/", NOW))
    assert len(str(dict(arrived.extra))) <= 300


def test_a_changed_value_is_refused_where_it_is_signed_and_never_fails(kind: Kind) -> None:
    honest = kind.redirect("http://example.org/", NOW)
    for name, value in parse_qsl(honest, keep_blank_values=True):
        for lie in ("", value[:-1], value + "0", "02:aa:bb:cc:dd:02", "ü", "%00", "\\999", "a" * 9000):
            found = believed(kind, changed(honest, name, lie))
            assert found is None or lie == value or not kind.signed
        missing = believed(kind, changed(honest, name, None))
        assert missing is None or (not kind.signed and name not in kind.needs)


def test_a_value_said_twice_is_refused_or_means_what_the_gateway_said(kind: Kind) -> None:
    honest = kind.redirect("http://example.org/", NOW)
    for name in kind.needs:
        for query in (f"{honest}&{name}=02:aa:bb:cc:dd:02", f"{name}=02:aa:bb:cc:dd:02&{honest}"):
            found = believed(kind, query)
            assert found is None or found == parse(kind, honest)


def test_broken_writing_is_refused_and_never_fails(kind: Kind) -> None:
    honest = kind.redirect("http://example.org/", NOW)
    for query in (
        "", "&", "=", "%", "&&&", honest.replace("=", "%3d"), honest.replace("&", ";"), honest[: len(honest) // 4], honest[::-1],
        "a=" * 5000, "mac=%ff%fe", "mac=" + "%f0%9f%92%a9" * 200, honest.upper(), "x=1&" * 3000 + "y=1", "\xff\xfe=\x00",
    ):  # fmt: skip
        assert query == honest or believed(kind, query) is None, query[:80]  # one value alone has no "&"


def test_values_cannot_flow_into_each_other(kind: Kind) -> None:
    honest = dict(parse_qsl(kind.redirect("http://example.org/", NOW), keep_blank_values=True)) | {"another": "value"}
    with pytest.raises(BadArrival):
        parse(kind, urlencode(dict.fromkeys(honest, "") | {next(iter(honest)): "".join(honest.values())}))


def test_an_old_or_future_redirect_is_refused_or_holds_only_a_challenge_with_an_end(kind: Kind) -> None:
    honest = kind.redirect("http://example.org/", NOW)
    for moment in (NOW + timedelta(seconds=601), NOW - timedelta(seconds=601), NOW + timedelta(days=365)):
        if kind.ages:
            with pytest.raises(BadArrival):
                parse(kind, honest, moment)
        else:
            expires = parse(kind, honest, moment).challenge_expires_at
            assert expires is None or moment < expires <= moment + timedelta(hours=1)


def test_another_gateways_redirect_is_refused(kind: Kind) -> None:
    honest = knock(kind.redirect("http://example.org/", NOW))
    elsewhere = replace(kind.config, base_url="http://192.0.2.99:81", secret="another-" + SECRET, venue_code="izbushka")
    elsewhere = replace(elsewhere, options={**kind.config.options, **kind.elsewhere})
    with pytest.raises(BadArrival):
        gateway(kind.config.kind).parse(honest, elsewhere, NOW)


@given(
    st.dictionaries(
        st.sampled_from(
            sorted({*("mac", "ip", "url", "ts", "sig", "link-orig", "userurl", "chap-id", "chap-challenge", "error")})
        )
        | st.sampled_from(sorted(frozenset().union(*(k.needs for k in KINDS.values()))))
        | st.text(max_size=20),
        st.text(max_size=60) | st.sampled_from([MAC.colons, "10.0.0.9", "notyet", "http://10.5.50.1/login", "\\371", "0" * 32]),
        max_size=12,
    )
)
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])
def test_invented_values_are_bad_arrivals_or_hints_that_nobody_vouches_for(query: dict[str, str]) -> None:
    for kind in KINDS.values():
        found = believed(kind, urlencode(query, errors="replace"))
        assert found is None or (not found.vouched and not kind.signed)


@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_any_text_for_a_query_is_a_bad_arrival_and_nothing_else(text: str) -> None:
    for kind in KINDS.values():
        honest = kind.redirect("http://example.org/", NOW)
        assert believed(kind, text) is None
        for query in (text + honest, honest + text, honest[:40] + text + honest[40:]):
            found = believed(kind, query)
            assert found is None or found.mac == MAC or not kind.signed


def _let_in(kind: Kind, later: timedelta = timedelta()) -> Outcome:
    arrived = parse(kind, kind.redirect("http://example.org/", NOW))
    grant = replace(GRANT, extra=arrived.extra, challenge_expires_at=arrived.challenge_expires_at)
    return gateway(kind.config.kind).let_in(kind.config, grant, NOW + later)


def test_letting_in_goes_to_the_configured_gateway_with_no_secret_in_the_query(kind: Kind) -> None:
    for outcome in (_let_in(kind), _let_in(kind, timedelta(hours=2)), gateway(kind.config.kind).let_in(kind.config, GRANT, NOW)):
        url = (
            outcome.url
            if isinstance(outcome, Redirect)
            else outcome.action
            if isinstance(outcome, FormPage)
            else kind.config.base_url
        )
        assert url == kind.config.base_url or url.startswith(kind.config.base_url + "/")
        assert GRANT.password not in unquote(urlsplit(url).query) and SECRET not in unquote(url)
        assert len(url) < 2000


def test_secrets_are_not_in_the_writing_of_values(kind: Kind) -> None:
    said = repr((kind.config, GRANT, _let_in(kind), gateway(kind.config.kind).pastes(kind.config, URLS)))
    assert SECRET not in said and GRANT.password not in said and "let-in/" not in said and URLS.radius_secret not in said


def test_putting_out_and_form_actions_name_only_the_configured_gateway(kind: Kind) -> None:
    module: Gateway = gateway(kind.config.kind)
    place = urlsplit(kind.config.base_url)
    origins = (f"{place.scheme}://{place.netloc}",) if kind.sends_browsers else ()
    assert module.form_action_origins(kind.config) == origins
    assert module.put_out(kind.config, MAC, NOW) is not None


def test_what_to_paste_is_whole(kind: Kind) -> None:
    pastes = gateway(kind.config.kind).pastes(kind.config, URLS)
    text = "\n".join(paste.text for paste in pastes)
    assert pastes and all(paste.where and paste.text.endswith("\n") for paste in pastes)
    assert "wifi.example.ru" in text and "None" not in text
    if gateway(kind.config.kind).uses_radius:
        assert URLS.nas_name in text


def test_a_ticket_opens_only_for_its_purpose_its_secret_and_two_minutes() -> None:
    kind = KINDS["simulator"]
    token = gateway("simulator").let_in(kind.config, GRANT, NOW).url.rsplit("/", 1)[1]
    at = NOW.timestamp()
    ticket = open_ticket(SECRET, token, "let-in", at + 120)
    assert (ticket["mac"], ticket["user_name"], ticket["password"], ticket["seconds"], ticket["back"]) == (
        MAC.hex, GRANT.user_name, GRANT.password, 3600, GRANT.return_url,
    )  # fmt: skip
    body, _, signature = token.partition(".")
    for bad, do, moment, secret in (
        (token, "put-out", at, SECRET), (token, "let-in", at + 121, SECRET), (token, "let-in", at, SECRET + "x"),
        (f"{forged(body)}.{signature}", "let-in", at, SECRET), (body, "let-in", at, SECRET), ("", "let-in", at, SECRET),
        ("ü.ü", "let-in", at, SECRET), ("\ud800.x", "let-in", at, SECRET),
    ):  # fmt: skip
        with pytest.raises(BadArrival):
            open_ticket(secret, bad, do, moment)


@given(st.text())
def test_web_url_gives_back_the_same_text_or_nothing(text: str) -> None:
    for candidate in (text, "http://" + text, "https://a.example/" + text):
        followed = web_url(candidate)
        assert followed in ("", candidate)
        if followed:
            assert urlsplit(followed).scheme in ("http", "https") and urlsplit(followed).hostname
