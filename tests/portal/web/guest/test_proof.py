"""The proof of internet: what a hit on the second host is worth, and what it is not."""

import re

import pytest
from sqlalchemy import func, select

from portal.access import grants
from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.core.config import BadSettings, load_settings
from tests.conftest import make_settings
from tests.support.access import make_grant, make_visit
from tests.support.canary import SECRETS
from tests.support.signups import World

PROOF = "https://online.samovar.example"
HOST = "online.samovar.example"
BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"}


@pytest.fixture
def world(tmp_path, database_url, database, house) -> World:
    return World(make_settings(tmp_path, database_url=database_url, proof_url=PROOF), database, house)


def stand(world, **visit):
    """A verified guest whose device is about to come online; the visit's public id."""
    with world.database.writing() as session:
        visit_id = make_visit(session, world.house, world.now, **{"verified": True, **visit})
        session.scalars(select(Visit).where(Visit.public_id == visit_id)).one().ip = "203.0.113.7"
        make_grant(session, world.house, world.now, visit_id=visit_id)
    return visit_id


def status_page(world, visit_id, client=None, query=""):
    token = world.settings.keys.seal("connected", {"v": visit_id, "t": int(world.now.timestamp())}, world.now)
    answer = (client or world.client()).get(f"/connected/{token}{query}")
    assert answer.status_code == 200
    return answer


def picture(page) -> str:
    found = re.search(r'href="(https://[^"]+\.gif)"', page.text)
    assert found, page.text
    return found[1]


def hit(world, url, address="203.0.113.9", host=HOST, headers=BROWSER, method="GET"):
    path = url.removeprefix(PROOF)
    return world.client().open(path, method=method, headers={**headers, "Host": host}, environ_base={"REMOTE_ADDR": address})


def evidence(world, visit_id):
    with world.database.reading() as session:
        visit = session.scalars(select(Visit).where(Visit.public_id == visit_id)).one()
        grant = grants.by_visit(session, visit_id)
    assert (visit.online_at, visit.online_evidence) == (grant.online_at, grant.online_evidence)
    return visit.online_evidence


def test_the_picture_of_the_status_page_proves_the_internet(world):
    visit_id = stand(world)
    page = status_page(world, visit_id)
    assert 'data-state="opening"' in page.text
    assert f"img-src 'self' data: {PROOF};" in page.headers["Content-Security-Policy"]
    assert '<noscript><meta http-equiv="refresh" content="1;url=/connected/' in page.text
    answer = hit(world, picture(page))
    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (200, "image/gif", "no-store")
    assert evidence(world, visit_id) == "proof_image"
    page = status_page(world, visit_id)
    assert 'data-state="online"' in page.text
    assert HOST not in page.text and HOST not in page.headers["Content-Security-Policy"]


def test_no_other_page_may_load_anything_from_the_second_host(world):
    for path in ("/", f"/s/{world.house.source_code}", f"/me/{world.house.venue_code}", "/dashboard/sign-in"):
        assert HOST not in world.client().get(path).headers["Content-Security-Policy"]


def test_the_page_looks_again_after_one_second_then_every_two_up_to_a_minute(world):
    visit_id, came = stand(world), world.now
    token = world.settings.keys.seal("connected", {"v": visit_id, "t": int(came.timestamp())}, came)

    def look(query=""):
        page = world.client().get(f"/connected/{token}{query}").text
        after = re.search(r'content="(\d+);url=([^"]+)"', page)
        return re.search(r'data-state="(\w+)"', page)[1], after and (int(after[1]), after[2].partition("?")[2])

    assert look() == ("opening", (1, ""))
    world.later(seconds=1)
    assert look() == ("opening", (2, ""))
    world.later(seconds=20)
    assert look() == ("slow", (2, ""))
    world.later(seconds=38)
    assert look() == ("slow", (2, ""))
    world.later(seconds=1)
    assert look() == ("no_internet", None)
    assert look("?again=1") == ("slow", (2, "again=2"))
    assert look("?again=9") == ("slow", (2, "again=10"))
    for spent in ("10", "11", "99", "-1", "1" * 400, "x", "٣"):
        assert look(f"?again={spent}") == ("no_internet", None)


def test_a_gateway_that_says_no_internet_shows_a_number_that_staff_can_look_up(world):
    visit_id = stand(world)
    world.later(seconds=61)
    token = world.settings.keys.seal("connected", {"v": visit_id}, world.now)
    page = world.client().get(f"/connected/{token}?lang=en").text
    number = re.sub(r"[^A-Za-z0-9]", "", visit_id)[:6].upper()
    assert f"Number for the staff: {number}" in page
    assert "again=1" in page


@pytest.mark.parametrize(
    "trick",
    [
        {"method": "HEAD"},
        {"headers": {"User-Agent": "Googlebot/2.1"}},
        {"headers": {**BROWSER, "Sec-Purpose": "prefetch"}},
        {"headers": {"User-Agent": "CaptiveNetworkSupport-443.80.2 wispr"}},
        {"address": "198.51.100.1"},  # the same phone by its mobile operator, a link sent to somebody
        {"host": "127.0.0.1"},  # inside the walled garden: it answers everybody
    ],
    ids=str,
)
def test_a_hit_that_proves_nothing_notes_nothing(world, trick):
    visit_id = stand(world)
    hit(world, picture(status_page(world, visit_id)), **trick)
    assert evidence(world, visit_id) is None


def test_nothing_is_proven_late_or_for_who_is_not_let_in(world):
    late, out, never = stand(world), stand(world), stand(world, verified=False)
    pages = {visit_id: picture(status_page(world, visit_id)) for visit_id in (late, out, never)}
    with world.database.writing() as session:
        grants.revoke(session, grants.by_visit(session, out), "staff", world.now)
        session.delete(grants.by_visit(session, never))
    assert hit(world, pages[out]).status_code == hit(world, pages[never]).status_code == 200
    world.later(minutes=3)
    assert hit(world, pages[late]).status_code == 404
    assert evidence(world, late) is evidence(world, out) is None
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).where(Visit.online_at.is_not(None))) == 0


def test_nothing_is_proven_after_the_end_of_the_grant(world):
    visit_id = stand(world)
    with world.database.writing() as session:
        session.scalars(select(AccessGrant)).one().expires_at = world.now
    token = world.settings.keys.seal("proof", {"v": visit_id}, world.now)
    assert hit(world, f"/proof/{token}.gif").status_code == 200
    assert evidence(world, visit_id) is None


def test_a_replay_changes_nothing(world):
    visit_id = stand(world)
    url = picture(status_page(world, visit_id))
    hit(world, url)
    with world.database.reading() as session:
        first = grants.by_visit(session, visit_id).online_at
    world.later(seconds=30)
    hit(world, url)
    with world.database.reading() as session:
        assert grants.by_visit(session, visit_id).online_at == first


def test_phones_that_use_both_kinds_of_address_are_believed_and_neighbours_in_ipv6_are_not(world):
    visit_id = stand(world)
    hit(world, picture(status_page(world, visit_id)), address="2001:db8:1:2::9")
    assert evidence(world, visit_id) == "proof_image"
    other = stand(world)
    with world.database.writing() as session:
        session.scalars(select(Visit).where(Visit.public_id == other)).one().ip = "2001:db8:1:2::9"
    hit(world, picture(status_page(world, other)), address="2001:db8:1:3::9")
    assert evidence(world, other) is None
    hit(world, picture(status_page(world, other)), address="2001:db8:1:2:f::1")
    assert evidence(world, other) == "proof_image"


def test_the_second_host_answers_nothing_else(world):
    for path in (
        "/",
        f"/s/{world.house.source_code}",
        "/dashboard/sign-in",
        "/static/guest/guest.css",
        "/healthz",
        "/proof",
        "/metrics",
    ):
        assert world.client().get(path, headers={"Host": HOST}).status_code == 404, path
    assert world.client().post("/signup", headers={"Host": HOST}).status_code == 404
    assert hit(world, "/proof/of-some-other-house.gif").status_code == 404
    for host in ("127.0.0.1", "localhost"):
        assert world.client().get("/proof/x.gif", headers={"Host": host}).status_code == 404


def test_without_a_second_host_there_is_no_picture_and_no_door(tmp_path, database_url, database, house):
    world = World(make_settings(tmp_path, database_url=database_url), database, house)
    page = status_page(world, stand(world))
    assert "/proof/" not in page.text and "preload" not in page.text
    assert world.client().get("/proof/x.gif").status_code == 404
    assert world.client().get("/proof/x.gif", headers={"Host": ""}).status_code in (400, 404)


def test_the_second_host_keeps_plain_http_for_gateways_to_step_in_on(tmp_path, database_url, database, house):
    public = make_settings(tmp_path, database_url=database_url, public_url="https://wifi.samovar.example", proof_url=PROOF)
    world = World(public, database, house)
    assert "Strict-Transport-Security" not in hit(world, "/proof/x.gif").headers
    assert "Strict-Transport-Security" in world.client().get("/", headers={"Host": "wifi.samovar.example"}).headers


@pytest.mark.parametrize(
    "wrong",
    ["http://online.example.ru", "online.example.ru", "https://wifi.example.ru", "https://online.example.ru/x", "https://"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_settings_refuse_a_proof_that_would_prove_nothing(tmp_path, monkeypatch, wrong, database_url):
    monkeypatch.chdir(tmp_path)
    for name, value in {
        **SECRETS,
        "public_url": "https://wifi.example.ru",
        "data_dir": str(tmp_path),
        "proof_url": wrong,
    }.items():
        monkeypatch.setenv(f"VESTIBULE_{name.upper()}", value)
    with pytest.raises(BadSettings, match="VESTIBULE_PROOF_URL"):
        load_settings()
