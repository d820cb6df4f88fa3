"""A venue's gateways: what is refused, what is made with them, what may be deleted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import PortalError
from portal.gateways.registry import gateway, kinds
from portal.venues import gateways, signs
from portal.venues.directory import gateway_by_key, gateways_of
from portal.venues.gateways import Uplink, read_base_url, read_options
from portal.venues.models import GatewayConfig, Nas, Venue
from portal.web.dashboard import gateway_words
from tests.conftest import make_settings
from tests.support.access import make_grant, make_visit

HERE = Uplink("203.0.113.7")


def add(session, house, now, kind="simulator", url="http://192.168.1.1:2050", uplink=HERE, **options):
    return gateways.add(session, session.get_one(Venue, house.venue_id), kind, url, options, uplink, now)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("http://192.168.1.1:2050", "http://192.168.1.1:2050"), ("HTTP://Wifi.Cafe.Example/", "http://wifi.cafe.example"),
        (" https://unifi.example.ru:8443 ", "https://unifi.example.ru:8443"), ("http://[2001:db8::1]:80", "http://[2001:db8::1]:80"),
        ("http://router", "http://router"),
    ],
)  # fmt: skip
def test_an_address_is_scheme_host_and_port(typed, read):
    assert read_base_url(typed) == read


@pytest.mark.parametrize(
    "typed",
    ["", "192.168.1.1:2050", "ftp://a.example", "javascript:alert(1)", "http://", "http://a.example/login", "http://a.example?x=1",
     "http://a.example#x", "http://user@a.example", "http://user:password@a.example", "http://a.example:0", "http://a.example:99999",
     "http://a.example:x", "http://a b.example", "http://a.example\r\nX: y", "http://-a.example", "http://a..example", "http://[::1",
     "http://a.example;script-src *", "http://a.example,b.example", "http://*.example", "http://" + "a" * 250, "//a.example"],
)  # fmt: skip
def test_an_address_with_anything_more_is_refused(typed):
    with pytest.raises(PortalError, match="bad_gateway_url"):
        read_base_url(typed)


@given(st.text(max_size=60))
def test_an_address_is_read_or_refused_and_reads_as_itself(typed):
    for text in (typed, f"http://{typed}"):
        try:
            read = read_base_url(text)
        except PortalError:
            continue
        assert read_base_url(read) == read and not set(read) & set(" ;,'\"\\@*<>")


def test_every_kind_and_option_has_words():
    for kind in kinds():
        assert kind in gateway_words.KINDS and (kind == "simulator" or kind in gateway_words.ADDRESSES)
        for option in gateway(kind).options:
            assert option.name in gateway_words.LABELS and option.name in gateway_words.HINTS, (kind, option.name)
            assert option.shape != "choice" or option.default in option.choices


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_strange_options_are_refused_before_the_kind_sees_them(kind):
    with pytest.raises(PortalError, match="unknown_option"):
        read_options(kind, {"fas_magic": "1"})
    filled = {option.name: "x" * 20 for option in gateway(kind).options if option.required and not option.default}
    for option in gateway(kind).options:
        wrong = "perhaps" if option.shape in ("switch", "choice") else "line\nbreak"
        with pytest.raises(PortalError, match="bad_option") as refused:
            read_options(kind, {**filled, option.name: wrong})
        assert refused.value.details == {"name": option.name}


def test_a_gateway_comes_with_its_radius_client_and_random_secrets(database, house, now):
    with database.writing() as session:
        first, second = (add(session, house, now, "mikrotik", "http://wifi.cafe.example") for _ in range(2))
        clients = [gateways.nas_of(session, one.id) for one in (first, second)]
    assert [nas.name for nas in clients] == ["teremok-mikrotik", "teremok-mikrotik-2"]
    for nas in clients:
        assert (nas.address, nas.port, nas.coa_address, nas.short_lease_seconds) == ("203.0.113.7", None, None, None)
    secrets = [secret for one in (first, second) for secret in (one.secret, one.key, one.script_key)]
    assert len({*secrets, *(nas.secret for nas in clients)}) == 8 and min(map(len, secrets)) >= 24


def test_a_router_on_a_changing_address_gets_two_ports_and_one_behind_nat_a_short_lease(database, house, now):
    with database.writing() as session:
        for port in (21812, 21814):
            uplink = gateways.read_uplink(session, " ", behind_nat=True)
            nas = gateways.nas_of(session, add(session, house, now, uplink=uplink).id)
            assert (nas.address, nas.port, nas.coa_address, nas.short_lease_seconds) == ("", port, "", 900)


@pytest.mark.parametrize("typed", ["nowhere", "0.0.0.0/0", "10.0.0.0/8", "2001::/16", "1.2.3.4.5", "203.0.113.7 or so"])
def test_an_uplink_is_an_address_or_a_small_network(database, house, typed):
    with database.reading() as session, pytest.raises(PortalError, match="bad_nas_address"):
        gateways.read_uplink(session, typed, behind_nat=False)
    with database.reading() as session:
        assert gateways.read_uplink(session, "203.0.113.9/28", behind_nat=False) == Uplink("203.0.113.0/28")


@pytest.mark.parametrize(("typed", "kept"), [("203.0.113.7", "203.0.113.7"), ("203.0.113.9/28", "203.0.113.0/28")])
def test_no_two_routers_have_one_address_as_freeradius_would_not_start(database, house, now, typed, kept):
    with database.writing() as session:
        add(session, house, now, uplink=Uplink(kept))
        with pytest.raises(PortalError, match="nas_address_taken"):
            gateways.read_uplink(session, typed, behind_nat=False)
        assert gateways.read_uplink(session, "203.0.113.8", behind_nat=False) == Uplink("203.0.113.8")


def test_settings_that_cannot_work_leave_the_row_as_it_was(database, house, now):
    with database.writing() as session:
        one = add(session, house, now, "mikrotik", "http://wifi.cafe.example")
        kept = (one.base_url, dict(one.options), one.secret)
        for url, options in (("http://wifi.cafe.example/login", {}), ("http://wifi.cafe.example", {"pap": "perhaps"})):
            with pytest.raises(PortalError):
                gateways.change(session, one, "teremok", url, options)
        assert (one.base_url, one.options, one.secret) == kept


def test_level_1_of_opennds_needs_the_owners_word(database, house, now):
    with database.writing() as session:
        with pytest.raises(PortalError, match="opennds_bypass"):
            add(session, house, now, "opennds", level="1")
        one = add(session, house, now, "opennds", level="1", allow_bypass="yes")
        assert one.options["allow_bypass"] is True


def test_new_secrets_replace_all_of_them_and_close_the_old_addresses(database, house, now):
    with database.writing() as session:
        one = add(session, house, now)
        before = {one.secret, one.key, one.script_key, gateways.nas_of(session, one.id).secret}
        old_key = one.key
        gateways.rotate(session, one)
        after = {one.secret, one.key, one.script_key, gateways.nas_of(session, one.id).secret}
        assert len(before) == len(after) == 4 and not before & after
        assert gateway_by_key(session, old_key) is None
        assert gateway_by_key(session, one.key).id == one.id


def test_a_gateway_goes_only_while_nobody_came_online_through_it(database, house, now):
    with database.writing() as session:
        unused = add(session, house, now)
        signs.note(session, unused.id, "redirect", now)
        gateways.remove(session, unused)
        make_grant(session, house, now, visit_id=make_visit(session, house, now, verified=True))
    with database.writing() as session:
        used = session.get_one(GatewayConfig, house.gateway_id)
        with pytest.raises(PortalError, match="gateway_in_use"):
            gateways.remove(session, used)
        assert session.get(Nas, house.nas_id) is not None  # nothing was half deleted
        assert [one.id for one in gateways_of(session, house.venue_id)] == [house.gateway_id]


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_pastes_hold_the_secrets_and_never_let_the_proof_through(database, house, now, tmp_path, database_url, kind):
    settings = make_settings(
        tmp_path, database_url=database_url, public_url="https://wifi.example.ru", proof_url="https://online.example.ru",
        radius_host="198.51.100.9",
    )  # fmt: skip
    url = {"mikrotik": "http://wifi.cafe.example", "unifi": "https://unifi.example.ru:8443"}.get(kind, "http://192.168.1.1:2050")
    options = {"secret": "p4ssword-of-the-console", "user": "vestibule"} if kind == "unifi" else {}
    with database.writing() as session:
        one = add(session, house, now, kind, url, **options)
        venue, nas = session.get_one(Venue, house.venue_id), gateways.nas_of(session, one.id)
        told = gateways.portal_urls(settings, venue, one, nas)
        text = "\n".join(paste.where + paste.text for paste in gateways.pastes(settings, venue, one, nas))
    assert told.hosts == ("wifi.example.ru",) and told.capport == f"https://wifi.example.ru/capport/{one.key}"
    assert "online.example.ru" not in text and "wifi.example.ru" in text
    if gateway(kind).uses_radius:
        assert told.radius_host == "198.51.100.9" and (kind == "simulator" or nas.secret in text)


def test_the_addresses_that_routers_are_told_are_there(world):
    with world.database.writing() as session:
        one = add(session, world.house, world.now)
        told = gateways.portal_urls(world.settings, session.get_one(Venue, world.house.venue_id), one, None)
    base = world.settings.base_url
    assert world.client().get(told.wifi.removeprefix(base)).status_code == 400  # a redirect without the gateway's values
    assert world.client().get(f"{told.capport.removeprefix(base)}/02-aa-bb-cc-dd-ee").status_code == 200
    assert world.client().post(told.poll.removeprefix(base)).status_code in (400, 401, 403, 404)
