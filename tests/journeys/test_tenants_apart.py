"""A14 on every route there is: two organizations, every role, and whatever one of them types of the other's."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.core.config import Settings
from portal.core.db import Database
from tests.support.dashboard import Browser, dashboard_app
from tests.support.tenants import ROLES, Tenant, build_tenant, rows_of

# Arguments that name no tenant's thing; what they may be.
COMMON: dict[str, str | int] = {
    "kind": "wifi_terms", "language": "ru", "version": 1, "name": "tent", "path": "qr", "gateway_kind": "simulator",
    "table": "channels", "suffix": "csv",
}  # fmt: skip
SECRET = {"token"}  # an argument that is itself the key: who has it may use it
NOBODYS: dict[str, str | int] = {
    "venue": "nobody-has", "source": "nobody-9", "gateway": "0" * 24, "person_id": 10**7, "session_id": 10**7,
    "cost_id": 10**7, "note": "A" * 22, "block_id": 10**7, "grant_id": 10**7, "hook": "A" * 22, "token_id": "A" * 22,
}  # fmt: skip
QUERIES = ("venue", "source", "pick", "campaign", "person", "to", "kind", "with")

TYPED = {"venue": "venue", "source": "source", "target": "source", "into": "source"}  # fields of forms that name a thing


class World:
    """Two tenants at one portal, a signed-in browser for each of our roles."""

    def __init__(self, app: Flask, database: Database, ours: Tenant, theirs: Tenant) -> None:
        self.app, self.database, self.ours, self.theirs = app, database, ours, theirs
        self.browsers = {role: Browser(app, f"203.0.113.{number}") for number, role in enumerate(ROLES, 10)}
        for role, browser in self.browsers.items():
            browser.sign_in(ours.emails[role])
        self.tokens = {role: browser.token("/dashboard/account") for role, browser in self.browsers.items()}
        self.before = rows_of(database, theirs)

    def rules(self, prefix: str) -> list[tuple[Rule, str]]:
        """Routes of an audience with each of their methods."""
        found = [rule for rule in self.app.url_map.iter_rules() if rule.endpoint.startswith(prefix)]
        return [(rule, method) for rule in found for method in sorted((rule.methods or set()) & {"GET", "POST"})]

    def address(self, rule: Rule, values: dict[str, Any]) -> str:
        """The path of a route with these values."""
        with self.app.test_request_context():
            found: str = self.app.url_for(rule.endpoint, **values)
        return found

    def ask(self, role: str, method: str, path: str) -> TestResponse:
        """As one of our people, with a form's token where a form is sent."""
        browser = self.browsers[role]
        return browser.get(path) if method == "GET" else browser.send(path, csrf_token=self.tokens[role])


@pytest.fixture
def world(settings: Settings, database: Database) -> World:
    ours = build_tenant(database, settings, "teremok", "ZZOURSZZ")
    theirs = build_tenant(database, settings, "blinnaya", "QQTHEIRSQQ")
    return World(dashboard_app(settings, database), database, ours, theirs)


def thing(rule: Rule, argument: str) -> str:
    """What an argument names: `code` is a source's under /sources and a venue's elsewhere."""
    if argument == "code":
        return "source" if rule.rule.startswith("/dashboard/sources/") else "venue"
    return "source" if argument == "source" else argument


def named(rule: Rule) -> list[str]:
    """The arguments that name something of a tenant. A new one must be told to this test."""
    known = {argument: thing(rule, argument) for argument in rule.arguments - set(COMMON) - SECRET}
    unknown = {argument for argument, what in known.items() if what not in NOBODYS}
    assert unknown == set(), f"{rule.rule}: whose are {unknown}?"
    return sorted(known)


def values(rule: Rule, **whose: Any) -> dict[str, Any]:
    """Values of all arguments: those of `whose`, by argument, or common ones."""
    common = {name: value for name, value in COMMON.items() if name in rule.arguments}
    return common | {argument: where[thing(rule, argument)] for argument, where in whose.items()}


def shown(answer: TestResponse, typed: dict[str, Any]) -> tuple[int, str, str]:
    """Status, where to, and the page without what was typed and without tokens."""
    text = re.sub(r'value="[^"]*"', "", answer.text)
    for one in sorted(map(str, typed.values()), key=len, reverse=True):
        text = text.replace(one, "·")
    where = answer.headers.get("Location", "")
    return answer.status_code, re.sub("|".join(re.escape(str(one)) for one in typed.values()) or "$^", "·", where), text


def pairs(world: World, prefix: str) -> Iterator[tuple[Rule, str, dict[str, Any], dict[str, Any]]]:
    """For every route and each thing that it names: the address with theirs, and the same with nobody's."""
    for rule, method in world.rules(prefix):
        arguments = named(rule)
        for foreign in arguments:
            own = {argument: world.ours.things for argument in arguments if argument != foreign}
            yield (
                rule, method,
                values(rule, **own, **{foreign: world.theirs.things}),
                values(rule, **own, **{foreign: NOBODYS}),
            )  # fmt: skip


def assert_untouched(world: World) -> None:
    assert rows_of(world.database, world.theirs) == world.before


def test_a14_a_thing_of_another_organization_answers_as_one_that_does_not_exist(world: World) -> None:
    tried = 0
    for role in ROLES:
        for rule, method, theirs, nobodys in pairs(world, "dashboard."):
            if "token" in rule.arguments:
                continue
            answer = world.ask(role, method, world.address(rule, theirs))
            nobody = world.ask(role, method, world.address(rule, nobodys))
            assert shown(answer, theirs) == shown(nobody, nobodys), (role, method, rule.rule)
            assert answer.status_code in (403, 404), (role, method, rule.rule)
            assert world.theirs.mark not in answer.text, (role, method, rule.rule)
            tried += 1
    assert tried > 250
    assert_untouched(world)


def test_a14_a_page_that_names_nothing_shows_nothing_of_others(world: World) -> None:
    for role in ROLES:
        for rule, method in world.rules("dashboard."):
            if method == "GET" and not rule.arguments:
                text = world.ask(role, "GET", rule.rule).text
                assert world.theirs.mark not in text, (role, rule.rule)
                assert not any(str(world.theirs.things[name]) in text for name in ("source", "hook", "token_id", "note")), (
                    rule.rule
                )


def test_a14_every_own_page_opens_for_the_owner_and_says_whose_it_is(world: World) -> None:
    """Else the two tests above could pass because nothing works at all."""
    missing = []
    for rule, method in world.rules("dashboard."):
        if method == "GET" and "token" not in rule.arguments:
            mine = values(rule, **{argument: world.ours.things for argument in named(rule)})
            answer = world.ask("owner", "GET", world.address(rule, mine))
            if answer.status_code not in (200, 303):
                missing.append((answer.status_code, rule.rule, mine))
    assert missing == []


def test_a14_the_api_answers_for_its_own_organization_alone(world: World) -> None:
    client = world.app.test_client()
    key = {"Authorization": f"Bearer {world.ours.api_token}"}
    for rule, method, theirs, nobodys in pairs(world, "api."):
        answer = client.open(world.address(rule, theirs), method=method, headers=key)
        nobody = client.open(world.address(rule, nobodys), method=method, headers=key)
        assert shown(answer, theirs) == shown(nobody, nobodys)
        assert answer.status_code == 404, rule.rule
        assert world.theirs.mark not in answer.text
        mine = values(rule, **{argument: world.ours.things for argument in named(rule)})
        assert client.open(world.address(rule, mine), method=method, headers=key).status_code == 200, rule.rule
    for rule, method in world.rules("api."):
        if not rule.arguments:
            assert world.theirs.mark not in client.open(rule.rule, method=method, headers=key).text
    assert_untouched(world)


def test_a14_whatever_is_mixed_together_nothing_of_the_others_shows_or_changes(world: World) -> None:
    routes = world.rules("dashboard.")

    @hypothesis_settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def mixed(data: st.DataObject) -> None:
        role = data.draw(st.sampled_from(ROLES))
        rule, method = data.draw(st.sampled_from(routes))
        if "token" in rule.arguments or rule.endpoint in ("dashboard.sign_out", "dashboard.change_password"):
            return
        pools = (world.ours.things, world.theirs.things, NOBODYS)
        whose = {argument: data.draw(st.sampled_from(pools)) for argument in named(rule)}
        path = world.address(rule, values(rule, **whose))
        query = {name: data.draw(st.sampled_from([*world.theirs.things.values(), ""])) for name in data.draw(
            st.lists(st.sampled_from(QUERIES), max_size=3, unique=True)
        )}  # fmt: skip
        asked = "&".join(f"{name}={value}" for name, value in query.items() if value != "")
        form = {name: str(world.theirs.things[what]) for name, what in TYPED.items()}
        browser = world.browsers[role]
        answer = (
            browser.get(f"{path}?{asked}")
            if method == "GET"
            else browser.send(f"{path}?{asked}", csrf_token=world.tokens[role], **form)
        )
        assert answer.status_code < 500, (role, method, path, asked)
        assert world.theirs.mark not in answer.text, (role, method, path, asked)

    mixed()
    assert_untouched(world)
