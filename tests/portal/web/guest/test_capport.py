"""RFC 8908: what a phone is told about itself, and what nobody is told about anybody."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from werkzeug.http import parse_options_header

from portal.access import grants
from portal.access.models import AccessGrant, AccountingSession
from portal.app import create_app
from portal.core.config import Settings
from portal.core.db import Base
from portal.core.logging import redact
from portal.signup.online import came_online
from portal.web.security import PROBE_HOSTS
from tests.conftest import make_settings
from tests.support.access import PHONE_MAC, make_grant, make_visit
from tests.support.house import build_house, gateway_key
from tests.support.signups import World
from tests.support.simulator import signed_redirect

KEY = gateway_key("teremok")
PORTAL = "https://wifi.samovar.example"
HOST = {"Host": "wifi.samovar.example"}
JSON = {**HOST, "Accept": "application/captive+json"}
BROWSER = {**HOST, "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
WRITINGS = (PHONE_MAC.hex, PHONE_MAC.colons, PHONE_MAC.dashes, "02aa.bbcc.dd01", "02aabb-ccdd01", PHONE_MAC.hex.upper())


@pytest.fixture
def settings(tmp_path, database_url) -> Settings:
    return make_settings(tmp_path, database_url=database_url, public_url=PORTAL)


@pytest.fixture
def world(settings, database, house) -> World:
    return World(settings, database, house)


def let_in(world, **changes):
    """A grant of PHONE_MAC; its visit's public id."""
    with world.database.writing() as session:
        visit_id = make_visit(session, world.house, world.now, verified=True)
        make_grant(session, world.house, world.now, visit_id=visit_id, **changes)
    return visit_id


def online(world, visit_id):
    with world.database.writing() as session:
        came_online(session, visit_id, world.now, "accounting")


def accounted(world, visit_id, stopped=None):
    with world.database.writing() as session:
        grant = grants.by_visit(session, visit_id)
        session.add(
            AccountingSession(
                organization_id=world.house.organization_id, venue_id=world.house.venue_id, nas_id=world.house.nas_id,
                acct_session_id=f"s-{stopped}", user_name=grant.user_name, grant_id=grant.id, started_at=world.now,
                updated_at=world.now, stopped_at=stopped,
            )
        )  # fmt: skip


def ask(world, identity=PHONE_MAC.dashes, headers=JSON, method="GET", key=KEY):
    return world.client().open(f"/capport/{key}/{identity}", method=method, headers=headers)


def told(world, **how):
    answer = ask(world, **how)
    assert answer.status_code == 200
    assert answer.content_type == "application/captive+json"
    assert set(answer.headers["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert "Accept" in answer.headers["Vary"]
    assert len(answer.data) <= 4096
    return json.loads(answer.data)


def test_before_the_grant_a_device_is_captive_and_told_where_to_go(world):
    assert told(world) == {
        "captive": True,
        "user-portal-url": f"{PORTAL}/enter/{KEY}",
        "venue-info-url": f"{PORTAL}/v/{world.house.venue_code}",
    }


@pytest.mark.parametrize("written", WRITINGS)
def test_after_the_grant_it_is_free_and_told_how_long(world, written):
    online(world, let_in(world))
    world.later(minutes=60)
    state = told(world, identity=written)
    assert (state["captive"], state["can-extend-session"], state["seconds-remaining"]) == (False, False, 3 * 3600)
    assert state["venue-info-url"] == f"{PORTAL}/v/{world.house.venue_code}"


def test_a_grant_alone_opens_nothing_the_gateway_must_have_opened(world):
    visit_id = let_in(world)
    assert told(world)["captive"] is True
    accounted(world, visit_id)
    assert told(world)["captive"] is False


def test_a_device_whose_every_session_was_closed_is_captive_again(world):
    visit_id = let_in(world)
    online(world, visit_id)
    accounted(world, visit_id, stopped=world.now + timedelta(minutes=1))
    assert told(world)["captive"] is True
    accounted(world, visit_id)
    assert told(world)["captive"] is False


def test_the_end_of_a_grant_ends_it_here_too(world):
    online(world, let_in(world))
    world.later(hours=4)
    state = told(world)
    assert state["captive"] is True and "seconds-remaining" not in state
    visit_id = let_in(world)
    online(world, visit_id)
    assert told(world)["captive"] is False
    with world.database.writing() as session:
        grants.revoke(session, grants.by_visit(session, visit_id), "staff", world.now)
    assert told(world)["captive"] is True


def test_a_browser_is_sent_to_the_page_and_programs_get_json(world):
    answer = ask(world, headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/enter/{KEY}")
    assert "no-store" in answer.headers["Cache-Control"] and "Accept" in answer.headers["Vary"]
    for accept in ("application/captive+json", "*/*", "application/json", ""):
        assert ask(world, headers={**HOST, "Accept": accept}).content_type == "application/captive+json", accept


def test_the_page_is_where_the_gateway_can_step_in(tmp_path, world, database_url, database, house):
    answer = world.client().get(f"/enter/{KEY}", headers=HOST)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:8002/")
    assert world.client().get("/enter/unknown", headers=HOST).headers["Location"] == "/"
    second = make_settings(tmp_path, database_url=database_url, public_url=PORTAL, proof_url="https://online.samovar.example")
    app = create_app(second, database, lambda _: None, lambda: world.now)
    far = app.test_client().get(f"/enter/{KEY}", headers=HOST).headers["Location"]
    assert far == f"http://online.samovar.example/proof/enter/{KEY}"
    past = app.test_client().get(f"/proof/enter/{KEY}", headers={"Host": "online.samovar.example"})
    assert (past.status_code, past.headers["Location"]) == (302, f"{PORTAL}/v/{house.venue_code}")


def test_head_has_the_head_of_the_answer(world):
    answer = ask(world, method="HEAD")
    assert (answer.status_code, answer.content_type, answer.data) == (200, "application/captive+json", b"")
    assert ask(world, method="POST").status_code == 405


def test_an_unknown_gateway_is_not_found_and_another_venues_grant_is_not_seen(world, database):
    online(world, let_in(world))
    for key in ("f" * 24, "", "%00", "ключ", "../../v", "x" * 3000):
        assert ask(world, key=key).status_code in (404, 308), key
    with database.writing() as session:
        build_house(session, "blinnaya")
    assert told(world, key=gateway_key("blinnaya"))["captive"] is True


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(identity=st.text(min_size=1, max_size=400) | st.from_regex(r"[0-9a-fA-F:.-]{10,20}", fullmatch=True))
def test_whatever_stands_for_a_device_the_answer_is_the_same(world, identity):
    path = quote(identity, safe="", errors="replace")
    answer = ask(world, identity=path)
    if answer.status_code == 200:
        assert json.loads(answer.data) == told(world, identity="no-device-at-all")
    else:  # a path that is no such address at all
        assert answer.status_code in (404, 308) and ("/" in identity or "\x00" in identity or identity in (".", ".."))


def test_a_device_in_a_path_is_not_written_into_a_log():
    for written in WRITINGS:
        assert redact(f'"path": "/capport/{KEY}/{written}"') == '"path": "/capport/~/~"'


def everything(world):
    with world.database.reading() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables}


@pytest.fixture
def writes(world):
    """Every statement that changes something."""
    found = []

    def heard(_connection, _cursor, sql, *_rest):
        if sql.lstrip().split(None, 1)[0].upper() in ("INSERT", "UPDATE", "DELETE") or "BEGIN IMMEDIATE" in sql:
            found.append(sql)

    event.listen(world.database.engine, "before_cursor_execute", heard)
    yield found
    event.remove(world.database.engine, "before_cursor_execute", heard)


def test_a_storm_of_probes_of_one_device_renews_nothing_and_writes_nothing(world, writes):
    """50 at once, captive and free: the API, the gateway's redirect, the hosts that systems ask, the status page."""
    visit_id = let_in(world)
    landing = signed_redirect(world.database, world.house, PHONE_MAC.colons, world.now)
    fresh = signed_redirect(world.database, world.house, "02:00:00:00:00:77", world.now)
    status = f"/connected/{world.settings.keys.seal('connected', {'v': visit_id}, world.now)}"
    probes = [(f"http://{host}/generate_204", {}) for host in sorted(PROBE_HOSTS)]
    asked = [
        (f"/capport/{KEY}/{PHONE_MAC.dashes}", JSON), (f"/capport/{KEY}/{PHONE_MAC.dashes}", BROWSER), (f"/enter/{KEY}", HOST),
        (landing, HOST), (fresh, HOST), (status, HOST), *probes,
    ]  # fmt: skip
    for answers_before in (False, True):
        if answers_before:
            online(world, visit_id)
        before = everything(world)
        writes.clear()
        for path, headers in asked:
            with ThreadPoolExecutor(16) as pool:
                found = list(pool.map(lambda _, p=path, h=headers: world.client().get(p, headers=h).status_code, range(50)))
            assert set(found) <= {200, 302, 303}, (path, set(found))
        assert writes == []
        assert everything(world) == before
    with world.database.reading() as session:
        assert session.scalars(select(AccessGrant.expires_at)).all() == [grants.by_visit(session, visit_id).expires_at]


def test_the_content_type_has_no_parameters(world):
    assert parse_options_header(ask(world).headers["Content-Type"]) == ("application/captive+json", {})
