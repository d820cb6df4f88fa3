"""States that only gateways of other kinds than the demo's bring about."""

from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select

from portal.access import grants, orders
from portal.core.mac import parse_mac
from portal.gateways.base import FormPage
from portal.gateways.trips import marked
from portal.signup.online import came_online
from portal.venues import directory, setup
from portal.venues.models import GatewayConfig
from portal.web.guest.go import go_address
from tests.support import chilli_router
from tests.support.stage import VENUE, Stage

CHILLI = "http://10.1.0.1:3990"


def last_step(stage: Stage) -> str:
    """The form for a router that takes nothing else; who chose a language is left to read it."""
    with stage.database.reading() as session:
        venue = directory.venue_by_code(session, VENUE)
        assert venue is not None
        venue_id = venue.id
    form = FormPage("http://10.5.50.1/login", (("username", "name"), ("password", "word"), ("dst", stage.base)))
    with stage.app.test_request_context("/"):
        return urlsplit(go_address(form, venue_id)).path + f"?lang={stage.language}"


def refused_login(stage: Stage) -> str:
    """A proven device that its gateway refuses for the third time."""
    entry = stage.wifi()
    stage.proven(entry)
    mac = parse_mac(dict(parse_qsl(urlsplit(entry).query))["mac"])
    values = {
        "res": "failed", "reason": "timeout", "uamip": "10.1.0.1", "uamport": "3990", "mac": mac.dashes, "ip": "10.0.0.9",
        "userurl": marked(f"{stage.settings.base_url}/connected/x", 3, stage.now()),
    }  # fmt: skip
    text = f"{stage.settings.base_url}/wifi/{VENUE}?"
    text += "&".join(f"{name}={chilli_router.escaped(value)}" for name, value in values.items())
    return chilli_router.signed(text, _chilli(stage).secret).removeprefix(stage.settings.base_url)


def disconnected(stage: Stage) -> str:
    """The status page of a device that staff put off."""
    _, visit_id = stage.proven(stage.wifi())
    with stage.database.writing() as session:
        grant = grants.by_visit(session, visit_id)
        assert grant is not None
        grants.revoke(session, grant, "staff", stage.now())
    return _status(stage, {"v": visit_id})


def refused_by_the_router(stage: Stage) -> str:
    """The status page of a device that the worker could not have opened."""
    _, visit_id = stage.proven(stage.wifi())
    with stage.database.writing() as session:
        grant = grants.by_visit(session, visit_id)
        assert grant is not None
        order_id = orders.place(session, grant, "let_in", "grant", stage.now())
        orders.settle(session, [order_id], "failed", "HTTP 403", stage.now())
    return _status(stage, {"v": visit_id})


def known_by_its_mac_alone(stage: Stage) -> str:
    """The status page that a claimed MAC leads to: to look at, with nothing to press."""
    _, visit_id = stage.proven(stage.wifi())
    with stage.database.writing() as session:
        came_online(session, visit_id, stage.now(), "accounting")
    return _status(stage, {"v": visit_id, "m": 1})


def _status(stage: Stage, claims: dict[str, object]) -> str:
    return f"/connected/{stage.settings.keys.seal('connected', claims, stage.now())}"


def _chilli(stage: Stage) -> GatewayConfig:
    """The first café's CoovaChilli, set up by whoever asks first."""
    with stage.database.writing() as session:
        found = session.scalars(select(GatewayConfig).where(GatewayConfig.kind == "coovachilli")).first()
        if found is None:
            venue = directory.venue_by_code(session, VENUE)
            assert venue is not None
            found = setup.add_gateway(session, venue, "coovachilli", CHILLI, stage.now())
            stage.app.extensions.pop("vestibule-shelf", None)
        session.expunge(found)
        return found
