"""Attacks on the portal's edge, by their numbers in the attack list."""

import io
import re

import pytest

from portal.acquisition.models import Visit
from portal.core.db import refuse_inside_transaction
from portal.core.errors import NetworkInsideTransaction
from portal.web.security import PROBE_HOSTS
from tests.support.signups import leave_phone, scan, type_code, visit_token


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8000", "", "a" * 300, "[::1"])
def test_a4_a_foreign_host_is_refused(world, host):
    assert world.client().get("/", headers={"Host": host}).status_code == 400


def test_a4_links_come_from_the_settings_and_not_from_forwarded_headers(world):
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    page = world.client().get(f"/s/{world.house.source_code}", headers=forged)
    assert page.status_code == 200 and "evil.example" not in page.text


@pytest.mark.parametrize("host", sorted(PROBE_HOSTS))
def test_probe_hosts_are_sent_to_the_portal_and_never_told_success(world, host):
    answer = world.client().get("/generate_204", headers={"Host": host})
    assert answer.status_code == 302 and answer.location == world.settings.base_url + "/"
    assert answer.headers["Cache-Control"] == "no-store" and "Success" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://127.0.0.1.evil.example:8000"}],
)
def test_a5_a_form_from_another_site_is_refused(world, headers):
    client = world.client()
    form = {"visit": visit_token(scan(client, world.house.source_code)), "phone": "89031234567"}
    assert client.post("/signup", data=form, headers=headers).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "A" * 5000, "\u0663" * 40, "../../etc/passwd", "AAAA" * 30])
def test_a5_a_form_without_our_token_is_an_expired_page_not_an_error(world, token):
    answer = world.client().post("/signup", data={"visit": token, "phone": "89031234567"})
    assert 400 <= answer.status_code < 500 and "<h1" in answer.text


def test_a5_a_token_of_another_purpose_opens_nothing(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    for url in ("/verify/", "/connected/", "/me/s/"):
        assert client.get(url + visit_token(page)).status_code in (400, 404, 410)


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "' OR 1=1 --"])
def test_a7_a8_what_was_typed_comes_back_as_text(world, hostile):
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code), hostile)
    assert answer.status_code == 422
    assert (
        "<script>alert" not in answer.text
        and "<img src=x" not in answer.text
        and "49" not in re.findall(r'value="([^"]*)"', answer.text)
    )


def test_a7_scripts_are_allowed_from_ourselves_only_and_styles_by_hash(world):
    policy = world.client().get(f"/s/{world.house.source_code}").headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy and "'sha256-" in policy and "default-src 'none'" in policy


def test_a19_a_code_of_one_verification_is_refused_at_another(world):
    client = world.client()
    first = leave_phone(client, scan(client, world.house.source_code)).location
    code = world.code()
    other = world.client()
    second = leave_phone(other, scan(other, world.house.source_code), "8 905 111 22 33").location
    assert type_code(other, second, code).status_code == 422
    assert type_code(client, first, code).status_code == 303


def test_a22_no_phone_stands_in_a_url_and_no_referrer_is_sent(world):
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code))
    done = type_code(client, answer.location, world.code())
    for url in (answer.location, done.location):
        assert "9031234567" not in url and "?" not in url
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a23_nothing_dynamic_is_stored_by_caches(world):
    client = world.client()
    page = client.get(f"/s/{world.house.source_code}")
    verify = leave_phone(client, page.text)
    for answer in (page, verify, client.get(verify.location), client.get("/nothing")):
        assert "no-store" in answer.headers["Cache-Control"]


def test_a24_a_huge_form_is_refused(world):
    client = world.client()
    assert client.post("/signup", data={"phone": "9" * 200_000}).status_code == 413
    many = client.post("/signup", data={f"f{i}": "x" for i in range(5000)})
    assert 400 <= many.status_code < 500
    file = client.post("/signup", data={"phone": (io.BytesIO(b"x" * 100_000), "x")}, content_type="multipart/form-data")
    assert file.status_code == 413


def test_a29_fields_that_the_form_does_not_have_change_nothing(world):
    client = world.client()
    page = scan(client, world.house.source_code)
    extra = {"organization_id": "99", "card_asked": "1", "path": "wifi", "verified_at": "2020-01-01", "visitor_class": "bot"}
    box = re.search(r'name="box_card" value="(\d+)"', page).group(1)
    client.post("/signup", data={"visit": visit_token(page), "phone": "89031234567", "box_card": box, **extra})
    visit = world.rows(Visit)[0]
    assert (visit.organization_id, visit.visitor_class, visit.verified_at) == (world.house.organization_id, "guest", None)


@pytest.mark.parametrize("method", ["head", "options"])
def test_heads_make_no_visit(world, method):
    getattr(world.client(), method)(f"/s/{world.house.source_code}")
    assert world.rows(Visit) == []


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"])
def test_prefetches_make_no_visit_even_when_they_load_the_pixel(world, header):
    client = world.client()
    page = scan(client, world.house.source_code, **{header: "prefetch"})
    client.get(re.search(r'src="(/seen/[^"]+)"', page).group(1), headers={header: "prefetch;prerender"})
    assert world.rows(Visit) == []


def test_a_bot_that_loads_the_page_is_flagged_and_kept_apart(world):
    client, agent = world.client(), {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    page = scan(client, world.house.source_code, **agent)
    assert world.rows(Visit) == []
    client.get(re.search(r'src="(/seen/[^"]+)"', page).group(1), headers=agent)
    visit = world.rows(Visit)[0]
    assert visit.visitor_class == "bot" and "google" in visit.bot_reason.lower()


def test_the_network_is_refused_while_a_transaction_is_open(database):
    with database.writing(), pytest.raises(NetworkInsideTransaction):
        refuse_inside_transaction()
    refuse_inside_transaction()
