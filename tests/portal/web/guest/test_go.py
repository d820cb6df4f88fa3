"""The page with the form for a gateway: on plain http, with one button, for two minutes."""

import html
import re
from pathlib import Path

import pytest

from portal.core.config import Settings
from portal.core.db import Database
from portal.gateways.base import FormPage
from portal.web.guest.go import go_address
from tests.conftest import make_settings
from tests.support.house import House
from tests.support.signups import World, scan

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FORM = FormPage(
    "http://10.5.50.1/login", (("username", "name-1"), ("password", 'pa"ss<word'), ("dst", "https://a.example/?x=1&y=2"))
)


def address(world: World, form: FormPage = FORM) -> str:
    with world.app.test_request_context("/"):
        return go_address(form, world.house.venue_id)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_page_is_small_and_posts_to_the_gateway_alone(world: World, language: str) -> None:
    url = address(world)
    assert url.startswith(world.settings.base_url + "/go/") and "word" not in url
    answer = world.client().get(path_of(url), headers={"Accept-Language": language})
    assert answer.status_code == 200 and len(answer.data) <= 14 * 1024 and f'lang="{language}"' in answer.text
    fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
    assert tuple((name, html.unescape(value)) for name, value in fields) == FORM.fields
    assert 'method="post" action="http://10.5.50.1/login"' in answer.text and "data-by-itself" in answer.text
    assert "form-action 'self' http://10.5.50.1;" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"] and "<script>" not in answer.text


def test_who_chose_a_language_is_left_to_read(world: World) -> None:
    answer = world.client().get(path_of(address(world)) + "?lang=en")
    assert "data-by-itself" not in answer.text and 'lang="en"' in answer.text


def test_the_link_is_good_for_two_minutes_and_for_nothing_else(world: World) -> None:
    path = path_of(address(world))
    assert world.client().get("/go/nonsense").status_code == 400
    assert world.client().get(path.replace("/go/", "/connected/")).status_code == 400
    world.later(seconds=121)
    assert world.client().get(path).status_code == 410


@pytest.fixture
def public(tmp_path: Path, database_url: str, database: Database, house: House) -> World:
    """A portal on https behind a proxy, with a plain host."""
    settings = make_settings(
        tmp_path, database_url=database_url, public_url="https://wifi.example.ru", plain_url="http://go.example.ru", demo=False
    )
    return World(settings, database, house)


def test_the_form_of_an_https_portal_stands_on_the_plain_host(public: World) -> None:
    url = address(public)
    assert url.startswith("http://go.example.ru/go/")
    client = public.client()
    moved = client.get(path_of(url), base_url="https://wifi.example.ru")
    assert (moved.status_code, moved.location) == (303, url)
    page = client.get(path_of(url), base_url="http://go.example.ru")
    assert page.status_code == 200 and "Strict-Transport-Security" not in page.headers
    assert "Strict-Transport-Security" in client.get("/", base_url="https://wifi.example.ru").headers
    assert address(public, FormPage("https://login.cafe.example/login", ())).startswith("https://wifi.example.ru/go/")


def test_the_plain_host_answers_nothing_else(public: World) -> None:
    client = public.client()
    assert client.get("/static/guest/go.js", base_url="http://go.example.ru").status_code == 200
    for path in (
        "/",
        f"/s/{public.house.source_code}",
        "/dashboard/sign-in",
        "/static/dashboard/dashboard.js",
        "/healthz",
        "/me/teremok",
    ):
        assert client.get(path, base_url="http://go.example.ru").status_code == 404
    assert client.post("/signup", base_url="http://go.example.ru").status_code == 404
    assert scan(public.client(), public.house.source_code, Host="wifi.example.ru")


@pytest.mark.parametrize(
    "wrong",
    ["https://go.example.ru", "http://wifi.example.ru", "http://go.example.ru/x", "go.example.ru", "http://", "http://go.example.ru/?a=1",
     "http://online.example.ru"],
)  # fmt: skip
def test_an_address_that_cannot_work_is_refused_at_start(tmp_path: Path, database_url: str, wrong: str) -> None:
    assert database_url
    hosts = {"public_url": "https://wifi.example.ru", "proof_url": "https://online.example.ru", "demo": False}
    with pytest.raises(ValueError, match="plain_url"):
        make_settings(tmp_path, **hosts, plain_url=wrong)
    assert isinstance(make_settings(tmp_path, **hosts, plain_url="http://go.example.ru/"), Settings)
