"""What the portal answers to a gateway that tells how a login ended: success, refusal, farewell; and that nobody circles."""

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import event

from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.core import metrics
from portal.gateways.trips import marked
from portal.venues.models import GatewayConfig
from portal.web.guest import arrival
from portal.web.guest.shelf import shelf
from tests.support import chilli_router
from tests.support.access import PHONE_MAC, make_grant, make_visit
from tests.support.mikrotik_router import octal
from tests.support.signups import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CHILLI, MIKROTIK = "http://10.1.0.1:3990", "http://10.5.50.1"


@pytest.fixture
def chilli(world: World) -> World:
    """The house with a CoovaChilli."""
    return _with(world, "coovachilli", CHILLI)


@pytest.fixture
def mikrotik(world: World) -> World:
    """The house with a MikroTik."""
    return _with(world, "mikrotik", MIKROTIK)


def _with(world: World, kind: str, base_url: str) -> World:
    with world.database.writing() as session:
        config = session.get_one(GatewayConfig, world.house.gateway_id)
        config.kind, config.base_url = kind, base_url
    return world


def granted(world: World) -> AccessGrant:
    """PHONE_MAC may be online."""
    with world.database.writing() as session:
        visit = make_visit(session, world.house, world.now, verified=True)
        return make_grant(session, world.house, world.now, visit_id=visit)


def own_link(world: World, grant: AccessGrant, trips: int = 1) -> str:
    """The status page that the guest was given before the login, with the count of trips."""
    token = world.settings.keys.seal("connected", {"v": grant.visit_id}, world.now)
    return marked(f"{world.settings.base_url}/connected/{token}", trips, world.now)


def told(world: World, res: str, wanted: str = "http://example.org/", **more: str) -> Any:
    """Open a redirect that chilli signed."""
    values = {
        "res": res, **more, "uamip": "10.1.0.1", "uamport": "3990", "challenge": "00112233445566778899aabbccddeeff",
        "called": "02-CA-6A-C4-63-BF", "mac": PHONE_MAC.dashes, "ip": "10.1.0.7", "userurl": wanted,
    }  # fmt: skip
    with world.database.reading() as session:
        secret = session.get_one(GatewayConfig, world.house.gateway_id).secret
    text = f"{world.settings.base_url}/wifi/{world.house.venue_code}?"
    text += "&".join(f"{name}={chilli_router.escaped(value)}" for name, value in values.items())
    return world.client().get(chilli_router.signed(text, secret).removeprefix(world.settings.base_url))


def test_success_leads_back_to_the_guests_own_link(chilli: World) -> None:
    link = own_link(chilli, granted(chilli))
    for res in ("success", "already"):
        answer = told(chilli, res, link)
        assert (answer.status_code, answer.location) == (303, link)


def test_success_without_that_link_leads_to_a_page_to_look_at(chilli: World) -> None:
    granted(chilli)
    base = chilli.settings.base_url
    for wanted in (
        "http://example.org/",
        "https://evil.example/connected/x",
        f"{base}.evil.example/connected/x",
        f"{base}/me/x",
        "",
    ):
        answer = told(chilli, "success", wanted)
        assert answer.status_code == 303 and answer.location.startswith("/connected/")
        page = chilli.client().get(answer.location)
        assert page.status_code == 200 and "/disconnect" not in page.text and "/forget" not in page.text


def test_a_device_that_the_gateway_lets_through_without_a_grant_is_told_only_that(chilli: World) -> None:
    answer = told(chilli, "success")
    assert answer.status_code == 200 and "<h1" in answer.text and "/connected/" not in answer.text.split("<main")[1]
    assert chilli.rows(Visit) == []


def test_a_refused_login_is_tried_once_more_with_a_fresh_challenge(chilli: World) -> None:
    grant = granted(chilli)
    for wanted, trip in (("http://example.org/", "1"), (own_link(chilli, grant, 1), "2"), (own_link(chilli, grant, 2), "3")):
        answer = told(chilli, "failed", wanted, reason="reject")
        assert answer.status_code == 303 and answer.location.startswith(f"{CHILLI}/prelogin?userurl=")
        assert f"trip={trip}." in dict(parse_qsl(urlsplit(answer.location).query))["userurl"]


@pytest.mark.parametrize(("reason", "word"), [("reject", "did not let"), ("timeout", "does not answer"), ("mtu", "did not let")])
def test_a_login_that_stays_refused_is_explained_and_nothing_that_radius_said_is_echoed(
    chilli: World, reason: str, word: str
) -> None:
    grant = granted(chilli)
    answer = told(chilli, "failed", own_link(chilli, grant, 3), reason=reason, reply="<b>canary</b>", lang="en")
    assert answer.status_code == 200 and f'href="{CHILLI}/prelogin"' in answer.text
    assert "canary" not in answer.text.split("<main")[1]
    english = chilli.client()
    english.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert word in english.get(answer.request.full_path).text
    assert len(answer.data) < 14 * 1024


def test_a_refused_device_without_a_grant_gets_the_form(chilli: World) -> None:
    answer = told(chilli, "failed", reason="reject")
    assert answer.status_code == 200 and 'name="visit"' in answer.text


def test_a_farewell_shows_the_way_back_while_time_is_left(chilli: World) -> None:
    assert 'name="visit"' in told(chilli, "logoff").text
    granted(chilli)
    answer = told(chilli, "logoff")
    assert answer.status_code == 200 and f'href="{CHILLI}/prelogin"' in answer.text and 'name="visit"' not in answer.text


def test_a_gateway_that_keeps_sending_the_guest_back_does_not_turn_them_in_circles(chilli: World) -> None:
    grant = granted(chilli)
    seen = [told(chilli, "notyet", own_link(chilli, grant, trips)) for trips in range(1, 9)]
    assert [answer.status_code for answer in seen] == [303] * 4 + [200] * 4
    assert all(answer.location.startswith(f"{CHILLI}/logon?") for answer in seen[:4])
    assert f'href="{CHILLI}/prelogin"' in seen[-1].text
    link = own_link(chilli, grant, 8)
    chilli.later(seconds=61)
    assert told(chilli, "notyet", link).status_code == 303, "a minute later it may be tried again"


def test_a_challenge_that_grew_old_under_the_form_is_asked_for_anew(chilli: World) -> None:
    grant = granted(chilli)
    with chilli.app.test_request_context("/"):
        front = shelf().by_venue(chilli.app.extensions["vestibule"], chilli.house.venue_code)
        assert front is not None
        values = {
            "mac": PHONE_MAC.hex,
            "gateway_id": chilli.house.gateway_id,
            "x": {"c": "0" * 32},
            "xe": int(chilli.now.timestamp()) + 600,
        }
        assert arrival.open_gateway(front, grant, values).location.startswith(f"{CHILLI}/logon?")
        chilli.later(seconds=601)
        assert arrival.open_gateway(front, grant, values).location.startswith(f"{CHILLI}/prelogin?")


def test_a_replayed_redirect_opens_a_page_to_look_at_and_nothing_at_the_gateway_but_for_the_device_itself(chilli: World) -> None:
    granted(chilli)
    answer = told(chilli, "notyet")
    said = dict(parse_qsl(urlsplit(answer.location).query))
    page = chilli.client().get(urlsplit(said["userurl"]).path)
    assert page.status_code == 200 and "/disconnect" not in page.text and "/forget" not in page.text


def test_a_guest_who_is_sent_around_once_more_keeps_their_own_link(chilli: World) -> None:
    grant = granted(chilli)
    link = own_link(chilli, grant, 1)
    for res in ("failed", "notyet"):
        said = dict(parse_qsl(urlsplit(told(chilli, res, link, reason="reject").location).query))
        assert said["userurl"].startswith(link.partition("?")[0] + "?trip=2.")
    other = link.replace("/connected/", "/me/s/")
    foreign = chilli.settings.keys.seal("connected", {"v": "somebody-else"}, chilli.now)
    for wrong in (other, link[:60], marked(f"{chilli.settings.base_url}/connected/{foreign}", 1, chilli.now)):
        said = dict(parse_qsl(urlsplit(told(chilli, "notyet", wrong).location).query))
        assert urlsplit(said["userurl"]).path not in (urlsplit(wrong).path, urlsplit(link).path)


def test_what_is_told_writes_nothing(chilli: World) -> None:
    grant = granted(chilli)
    writes: list[str] = []
    event.listen(chilli.database.engine, "before_cursor_execute", lambda _c, _u, sql, *_rest: writes.append(sql))
    for res in ("success", "already", "failed", "logoff", "notyet"):
        told(chilli, res, own_link(chilli, grant, 3))
    assert writes and not [sql for sql in writes if sql.split()[0] not in ("SELECT", "BEGIN", "PRAGMA")]


def test_every_redirect_is_counted_by_what_it_said(chilli: World) -> None:
    def counted(outcome: str) -> float:
        return metrics.ARRIVALS.labels("coovachilli", outcome)._value.get()

    before = {name: counted(name) for name in ("blocked", "online", "refused_timeout", "left", "unsigned", "malformed")}
    granted(chilli)
    for res, reason in (("notyet", ""), ("success", ""), ("failed", "timeout"), ("logoff", ""), ("nonsense", "")):
        told(chilli, res, reason=reason)
    chilli.client().get(f"/wifi/{chilli.house.venue_code}?res=notyet&md=0")
    assert {name: counted(name) - count for name, count in before.items()} == dict.fromkeys(before, 1)


def _page_of_mikrotik(world: World, **changes: str) -> Any:
    values = {
        "mac": PHONE_MAC.colons.upper(), "ip": "10.5.50.7", "link-login-only": f"{MIKROTIK}/login", "link-orig": "http://example.org/",
        "chap-id": "\\371", "chap-challenge": octal(bytes(range(16))), "error": "", **changes,
    }  # fmt: skip
    return world.client().get(f"/wifi/{world.house.venue_code}", query_string=values)


def test_mikrotik_is_answered_with_its_own_fresh_challenge_and_stops_too(mikrotik: World) -> None:
    grant = granted(mikrotik)
    error = "invalid username or password"
    again = _page_of_mikrotik(mikrotik, **{"error": error, "link-orig": own_link(mikrotik, grant, 1)})
    assert again.status_code == 303 and again.location.startswith(f"{MIKROTIK}/login?username=")
    stopped = _page_of_mikrotik(mikrotik, **{"error": error, "link-orig": own_link(mikrotik, grant, 3)})
    assert stopped.status_code == 200 and f'href="{MIKROTIK}/login"' in stopped.text and error not in stopped.text


def test_a_redirect_that_is_not_believed_gets_a_clear_page(chilli: World) -> None:
    for query in ("", "md=", "res=notyet", "res=notyet&md=" + "0" * 32, "a" * 9000, "%ff=%fe&md=%00", "mac=1&mac=2&md=3"):
        answer = chilli.client().get(f"/wifi/{chilli.house.venue_code}?{query}")
        assert answer.status_code == 400 and "<h1" in answer.text
    assert chilli.rows(Visit) == []


def test_the_link_to_the_other_language_leaves_what_the_gateway_signed_as_it_is(chilli: World) -> None:
    page = told(chilli, "notyet", "http://example.org/a?b=1&c=~*'").text
    link = html.unescape(re.search(r'class="tongue"[^>]* href="([^"]+)"', page)[1])
    other = chilli.client().get(link)
    assert other.status_code == 200 and 'name="visit"' in other.text and f'lang="{link[-2:]}"' in other.text
    back = html.unescape(re.search(r'class="tongue"[^>]* href="([^"]+)"', other.text)[1])
    assert chilli.client().get(back).status_code == 200 and back.count("lang=") == 1
