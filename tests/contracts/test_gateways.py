"""What every kind of gateway promises. A further kind joins by a line in `KINDS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.gateways.base import Arrival, BadArrival, Gateway, GatewaySettings, Knock, LetIn, web_url
from portal.gateways.registry import gateway, kinds
from portal.gateways.simulator import open_ticket, sign_arrival

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MAC = Mac("02aabbccdd01")
SECRET = "gateway-secret-0123456789-abcdef"
GRANT = LetIn(MAC, "user-name-1", "pass-word-1", 3600, "https://wifi.example.ru/connected/abc?x=1")


@dataclass(frozen=True)
class Kind:
    """A kind under contract: its settings, and a redirect as the real gateway would make it for MAC."""

    config: GatewaySettings
    redirect: Callable[[str, datetime], dict[str, str]]
    vouches: bool


def _simulated(wanted: str, at: datetime) -> dict[str, str]:
    values = {"mac": MAC.colons, "ip": "10.0.0.9", "url": wanted, "ts": str(int(at.timestamp()))}
    return values | {"sig": sign_arrival(SECRET, values)}


KINDS = {"simulator": Kind(GatewaySettings("simulator", "http://127.0.0.1:8002", SECRET, "teremok"), _simulated, vouches=True)}


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind under contract."""
    return KINDS[request.param]


def parse(kind: Kind, query: Mapping[str, str], at: datetime = NOW) -> Arrival:
    return gateway(kind.config.kind).parse(knock(query), kind.config, at)


def knock(query: Mapping[str, str]) -> Knock:
    return Knock("https://wifi.example.ru/wifi/teremok", urlencode(query, errors="replace"), query)


def test_every_registered_kind_is_under_contract() -> None:
    assert set(kinds()) == set(KINDS)
    with pytest.raises(PortalError, match="unknown_gateway"):
        gateway("nothing")


def test_an_honest_redirect_becomes_an_arrival(kind: Kind) -> None:
    arrived = parse(kind, kind.redirect("http://example.org/page?a=1&b=2", NOW))
    assert (arrived.mac, arrived.ip, arrived.vouched) == (MAC, "10.0.0.9", kind.vouches)
    assert arrived.original_url == "http://example.org/page?a=1&b=2"


@pytest.mark.parametrize(
    "wanted",
    ["javascript:alert(1)", "//evil.example", "ftp://a.example/", "data:text/html,x", "http://", "http://[bad", "https://a\r\nb.example",
     "http://user@evil.example/", "http://a.example/\"'><", "http://" + "a" * 3000, "", "\\\\evil", "HTTP:/x"],
)  # fmt: skip
def test_only_plain_web_addresses_are_ever_followed(kind: Kind, wanted: str) -> None:
    assert parse(kind, kind.redirect(wanted, NOW)).original_url == ""


def test_a_changed_value_is_refused(kind: Kind) -> None:
    honest = kind.redirect("http://example.org/", NOW)
    for name in honest:
        for lie in ("", honest[name][:-1], honest[name] + "0", "02:aa:bb:cc:dd:02", "ü", "\ud800"):
            if lie != honest[name]:
                with pytest.raises(BadArrival):
                    parse(kind, honest | {name: lie})
        with pytest.raises(BadArrival):
            parse(kind, {key: value for key, value in honest.items() if key != name})


def test_values_cannot_flow_into_each_other(kind: Kind) -> None:
    honest = kind.redirect("http://example.org/", NOW)
    with pytest.raises(BadArrival):
        parse(kind, honest | {"mac": honest["mac"] + honest["ip"], "ip": ""})


def test_an_old_or_future_redirect_is_refused(kind: Kind) -> None:
    honest = kind.redirect("http://example.org/", NOW)
    assert parse(kind, honest, NOW + timedelta(minutes=10)).mac == MAC
    for moment in (NOW + timedelta(seconds=601), NOW - timedelta(seconds=601), NOW + timedelta(days=365)):
        with pytest.raises(BadArrival):
            parse(kind, honest, moment)


def test_another_gateways_redirect_is_refused(kind: Kind) -> None:
    other = GatewaySettings(kind.config.kind, kind.config.base_url, "another-" + SECRET, "izbushka")
    with pytest.raises(BadArrival):
        gateway(other.kind).parse(knock(kind.redirect("http://example.org/", NOW)), other, NOW)


@given(st.dictionaries(st.sampled_from(["mac", "ip", "url", "ts", "sig"]) | st.text(), st.text(), max_size=8))
@hypothesis_settings(deadline=None)
def test_hostile_queries_are_bad_arrivals_and_nothing_else(query: dict[str, str]) -> None:
    for kind in KINDS.values():
        with pytest.raises(BadArrival):
            parse(kind, query)


def test_letting_in_goes_to_the_configured_gateway_with_no_secret_in_the_query(kind: Kind) -> None:
    url = gateway(kind.config.kind).let_in(kind.config, GRANT, NOW).url
    assert url.startswith(kind.config.base_url + "/")
    asked = urlsplit(url)
    assert GRANT.password not in asked.query and dict(parse_qsl(asked.query)) == {}
    assert len(url) < 2000


def test_secrets_are_not_in_the_writing_of_values(kind: Kind) -> None:
    said = repr((kind.config, GRANT, gateway(kind.config.kind).let_in(kind.config, GRANT, NOW)))
    assert SECRET not in said and GRANT.password not in said and "let-in/" not in said


def test_putting_out_and_form_actions_name_only_the_configured_gateway(kind: Kind) -> None:
    module: Gateway = gateway(kind.config.kind)
    assert module.form_action_origins(kind.config) == ("http://127.0.0.1:8002",)


def test_a_ticket_opens_only_for_its_purpose_its_secret_and_two_minutes() -> None:
    kind = KINDS["simulator"]
    token = gateway("simulator").let_in(kind.config, GRANT, NOW).url.rsplit("/", 1)[1]
    at = NOW.timestamp()
    ticket = open_ticket(SECRET, token, "let-in", at + 120)
    assert (ticket["mac"], ticket["user_name"], ticket["password"], ticket["seconds"], ticket["back"]) == (
        MAC.hex, GRANT.user_name, GRANT.password, 3600, GRANT.return_url,
    )  # fmt: skip
    body, _, signature = token.partition(".")
    flipped = ("A" if body[0] != "A" else "B") + body[1:]
    for bad, do, moment, secret in (
        (token, "put-out", at, SECRET), (token, "let-in", at + 121, SECRET), (token, "let-in", at, SECRET + "x"),
        (f"{flipped}.{signature}", "let-in", at, SECRET), (body, "let-in", at, SECRET), ("", "let-in", at, SECRET),
        ("ü.ü", "let-in", at, SECRET), ("\ud800.x", "let-in", at, SECRET),
    ):  # fmt: skip
        with pytest.raises(BadArrival):
            open_ticket(secret, bad, do, moment)


@given(st.text())
@hypothesis_settings(deadline=None)
def test_web_url_gives_back_the_same_text_or_nothing(text: str) -> None:
    for candidate in (text, "http://" + text, "https://a.example/" + text):
        followed = web_url(candidate)
        assert followed in ("", candidate)
        if followed:
            assert urlsplit(followed).scheme in ("http", "https") and urlsplit(followed).hostname
