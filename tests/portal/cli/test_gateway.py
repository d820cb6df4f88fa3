"""`vestibule venue gateway` as it is typed."""

import json

import pytest

from portal.venues import gateways, signs
from portal.venues.directory import gateways_of
from tests.support.access import make_grant, make_visit
from tests.support.house import NOW, build_house


@pytest.fixture
def run(cli):
    """Type a command; the exit code must be as said."""

    def output(*arguments, code=0):
        answer = cli("venue", "gateway", *arguments)
        assert answer.exit_code == code, answer.output
        return answer.output

    return output


ROUTER = ("--kind", "mikrotik", "--url", "http://wifi.cafe.example")


def newest(database, house):
    with database.reading() as session:
        one = gateways_of(session, house.venue_id)[-1]
        return one, gateways.nas_of(session, one.id)


def test_add_prints_everything_for_the_router_and_show_prints_it_again(run, database, house):
    said = run("add", house.venue_code, *ROUTER, "--nas-address", "203.0.113.7", "-o", "pap=yes")
    one, nas = newest(database, house)
    assert (one.kind, one.base_url, one.options) == ("mikrotik", "http://wifi.cafe.example", {"pap": True})
    assert (nas.address, nas.name) == ("203.0.113.7", "teremok-mikrotik")
    assert nas.secret in said and f"/wifi/{house.venue_code}" in said
    assert run("show", house.venue_code, one.id).strip() in said


def test_lists_hold_no_secrets(run, database, house):
    run("add", house.venue_code, *ROUTER)
    one, nas = newest(database, house)
    [_first, second] = json.loads(run("list", house.venue_code, "--json"))
    assert (second["id"], second["kind"], second["nas"]) == (one.id, "mikrotik", nas.name)
    said = run("list", house.venue_code) + run("check", house.venue_code, one.id, code=1) + run("kinds")
    assert not [secret for secret in (one.secret, one.script_key, one.key, nas.secret) if secret in said]


def test_check_ends_well_only_when_everything_was_seen(run, database, house):
    assert "a phone was sent to the portal" in run("check", house.venue_code, house.gateway_id, code=1)
    with database.writing() as session:
        for sign in signs.SIGNS:
            signs.note(session, house.gateway_id, sign, NOW)
    found = json.loads(run("check", house.venue_code, house.gateway_id, "--json"))
    assert [row["first"] for row in found] == [NOW.isoformat()] * 5


def test_edit_changes_what_is_named(run, database, house):
    run("add", house.venue_code, *ROUTER, "--nas-address", "203.0.113.7")
    one, nas = newest(database, house)
    run("edit", house.venue_code, one.id, "--url", "http://hotspot.cafe.example", "--behind-nat")
    changed, client = newest(database, house)
    assert (changed.base_url, changed.secret, changed.options) == ("http://hotspot.cafe.example", one.secret, one.options)
    assert (client.address, client.coa_address, client.short_lease_seconds, client.secret) == ("203.0.113.7", "", 900, nas.secret)
    run("edit", house.venue_code, one.id, "--nas-address", "", "--reachable", "-o", "pap=yes")
    changed, client = newest(database, house)
    assert (client.address, client.port, client.coa_address, changed.options["pap"]) == ("", 21812, None, True)


def test_rotate_prints_the_new_secrets(run, database, house):
    run("add", house.venue_code, *ROUTER)
    _one, before = newest(database, house)
    said = run("rotate", house.venue_code, _one.id)
    _one, after = newest(database, house)
    assert before.secret != after.secret and after.secret in said and before.secret not in said


def test_rotate_says_that_freeradius_needs_the_new_secret_where_it_stands_between(run, database, house):
    told = "vestibule radius config, then restart"
    for kind, *given in (ROUTER[1:], ("opennds", "--url", "http://192.168.1.1:2050", "-o", "level=2")):
        run("add", house.venue_code, "--kind", kind, *given)
        one, nas = newest(database, house)
        assert (told in run("rotate", house.venue_code, one.id)) == (nas is not None) == (kind == "mikrotik")


def test_remove_takes_away_only_what_nobody_used(run, database, house, now):
    run("add", house.venue_code, *ROUTER)
    one, _nas = newest(database, house)
    run("remove", house.venue_code, one.id)
    with database.writing() as session:
        make_grant(session, house, now, visit_id=make_visit(session, house, now, verified=True))
    assert "register names it" in run("remove", house.venue_code, house.gateway_id, code=1)
    assert newest(database, house)[0].id == house.gateway_id


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "teremok", "--kind", "mikrotik", "--url", "http://a.example/login"), "nothing after it"),
        (("add", "teremok", "--kind", "mikrotik", "--url", "http://user:pw@a.example"), "nothing after it"),
        (("add", "teremok", *ROUTER, "--nas-address", "0.0.0.0/0"), "no wider than"),
        (("add", "teremok", *ROUTER, "-o", "magic=1"), "no option magic"),
        (("add", "teremok", *ROUTER, "-o", "pap"), "NAME=VALUE"),
        (("add", "teremok", *ROUTER, "-o", "pap=perhaps"), "value of pap"),
        (("add", "nowhere", *ROUTER), "no venue nowhere"),
        (("show", "teremok", "999"), "no gateway 999"),
        (("add", "teremok", "--kind", "opennds", "--url", "http://192.168.1.1:2050", "-o", "level=1"), "allow_bypass=yes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_made(run, database, house, arguments, said):
    assert said in run(*arguments, code=1)
    assert newest(database, house)[0].id == house.gateway_id


def test_a_gateway_of_another_venue_is_not_shown_under_this_one(run, database, house):
    with database.writing() as session:
        other = build_house(session, "blinnaya")
    assert "no gateway" in run("show", house.venue_code, other.gateway_id, code=1)
