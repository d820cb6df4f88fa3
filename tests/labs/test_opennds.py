"""A guest's phone, Debian's openNDS 9.10 and the real portal: from the first blocked page to the end of the session."""

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from portal.access import grants
from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.migrations import migrate
from portal.gateways.base import GatewaySettings, PortalUrls
from portal.gateways.opennds_cipher import rhid_of, signed_length
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification
from portal.venues.models import GatewayConfig, WifiPolicy
from tests.conftest import make_settings, skip_or_fail
from tests.labs.front import front
from tests.labs.network import INTERNET, Network, missing, network
from tests.labs.opennds import PROGRAMS, Router, opennds
from tests.labs.phone import Phone
from tests.support import browsing
from tests.support.certificates import write_authority
from tests.support.handset import Kind, handset
from tests.support.house import House, build_house
from tests.support.programs import wait_until
from tests.support.signups import publish_documents

pytestmark = pytest.mark.browser
PATIENCE = 40.0  # seconds: this machine may be busy with other tests
INTERNET_PROGRAM = Path(__file__).with_name("internet.py")


@dataclass(frozen=True)
class Lab:
    """Everything running at one level."""

    level: int
    network: Network
    settings: Settings
    database: Database
    house: House
    router: Router
    authority: Path

    def let_for(self, seconds: int) -> None:
        """How long a guest is online from now on."""
        with self.database.writing() as session:
            session.get_one(WifiPolicy, self.house.venue_id).session_seconds = seconds

    def code(self, phone: str) -> str:
        """What the SMS says."""
        with self.database.reading() as session:
            row = session.scalars(select(PhoneVerification).where(PhoneVerification.phone == phone)).one()
        return code_for(self.settings.keys, row.nonce, phone)

    def visit(self, phone: str) -> Visit:
        """The guest's."""
        with self.database.reading() as session:
            return session.scalars(_of(Visit, Visit.public_id, phone)).one()

    def grant(self, phone: str) -> AccessGrant:
        """The guest's."""
        with self.database.reading() as session:
            return session.scalars(_of(AccessGrant, AccessGrant.visit_id, phone)).one()

    def disconnect(self, phone: str) -> None:
        """What staff does in the dashboard."""
        grant = self.grant(phone)
        with self.database.writing() as session:
            grants.revoke(session, grant, "staff", utcnow())


def _of(model: Any, column: Any, phone: str) -> Any:
    return select(model).join(PhoneVerification, PhoneVerification.visit_id == column).where(PhoneVerification.phone == phone)


@contextmanager
def lab(folder: Path, level: int) -> Iterator[Lab]:
    """openNDS at a level, with the portal that it needs: http at 1 and 2, https at 3."""
    authority, certificate = write_authority(folder, "portal.test", "neverssl.test")
    url, port = ("https://portal.test:8443", 8443) if level == 3 else ("http://portal.test:8080", 8080)
    settings = make_settings(folder, public_url=url, port=port, limit_prefix_hour=1000)
    database = Database(settings.url_of_database)
    migrate(database.engine)
    with ExitStack() as stack:
        stack.callback(database.engine.dispose)
        with database.writing() as session:
            house = build_house(session)
            publish_documents(session, house, utcnow(), settings)
            row = session.get_one(GatewayConfig, house.gateway_id)
            row.kind, row.base_url, row.secret = "opennds", "http://10.91.0.1:2050", "faskey-0123456789-abcdef"
            row.key, row.script_key = "labgateway0123456789", "script-key-0123456789-abcdef"
            row.options = {"level": str(level), "allow_bypass": level == 1}
            config = GatewaySettings(row.kind, row.base_url, row.secret, house.venue_code, row.options, row.script_key)
        made = stack.enter_context(network(folder, f"nds{level}"))
        made.start("internet", sys.executable, str(INTERNET_PROGRAM), INTERNET, str(certificate), log="internet.log")
        stack.enter_context(front(made, settings, certificate if level == 3 else None))
        urls = PortalUrls(f"{url}/wifi/{house.venue_code}", "", f"{url}/router/labgateway0123456789/poll", ("portal.test",))
        router = stack.enter_context(opennds(made, config, urls, authority))
        yield Lab(level, made, settings, database, house, router, authority)


@pytest.fixture(autouse=True)
def _possible() -> None:
    reason = missing(*PROGRAMS) or browsing.missing()
    if reason:
        skip_or_fail(reason)


def register(place: Lab, browser: Browser, number: str) -> float:
    """From the blocked page to the status page, as a person does it; returns the moment of the right code."""
    with handset(browser, Kind("ru", scripts=False), ignore_https_errors=True) as phone:
        phone.page.context.set_default_timeout(PATIENCE * 1000)
        phone.page.goto("http://neverssl.test/some/page?a=1")
        assert "/wifi/" in phone.page.url, phone.page.url
        phone.leave_phone(number)
        phone.type_code(place.code(number), press=True)
        typed = time.monotonic()
        phone.page.wait_for_url("**/connected/*")
        assert phone.complaints == []
    return typed


def come_online(place: Lab, device: Phone, number: str) -> float:
    """Join, register, be online. Prints code to online."""
    lease = device.join()
    assert bytes.fromhex(lease["opt114"]) == b"http://status.client", "RFC 8910"
    assert device.blocked()
    with device.browser() as browser:
        typed = register(place, browser, number)
        assert wait_until(device.online, PATIENCE), place.router.ndsctl("json")
    took = time.monotonic() - typed
    print(f"openNDS level {place.level}: code to online {took:.1f} s")
    return took


def cut_off_by_time(place: Lab, mac: str, number: str, seconds: int) -> None:
    """A guest of whom nothing is left when the session is over."""
    place.let_for(seconds)
    device = Phone(place.network, place.authority, mac)
    come_online(place, device, number)
    assert wait_until(lambda: place.visit(number).online_evidence == "acknowledged", PATIENCE)
    assert wait_until(device.blocked, seconds + PATIENCE)
    assert wait_until(lambda: place.grant(number).router_verified is True, PATIENCE), "our script says so"
    ended = place.grant(number)
    assert ended.router_downloaded and ended.router_ended_at is not None
    # by openNDS itself, or by our script where openNDS did not ask BinAuth because ndsctl was in use
    assert ended.router_cause in ("timeout_deauth", "ndsctl_deauth")
    assert 0 < (ended.router_ended_at - ended.starts_at).total_seconds() <= seconds + PATIENCE / 2


def test_level_1_by_redirect_and_cut_off_by_time(tmp_path: Path) -> None:
    with lab(tmp_path, 1) as place:
        cut_off_by_time(place, "02:00:00:00:01:01", "+79161230011", 20)


def test_level_2_by_redirect_and_cut_off_by_staff_and_by_time(tmp_path: Path) -> None:
    with lab(tmp_path, 2) as place:
        device = Phone(place.network, place.authority, "02:00:00:00:02:01")
        come_online(place, device, "+79161230021")
        place.disconnect("+79161230021")
        assert wait_until(device.blocked, PATIENCE)
        assert wait_until(lambda: place.grant("+79161230021").put_out_at is not None, PATIENCE), "our script did it and said so"
        assert place.grant("+79161230021").router_cause == "ndsctl_deauth"
        cut_off_by_time(place, "02:00:00:00:02:02", "+79161230022", 20)


def test_level_3_fetched_by_the_router_and_cut_off_by_time(tmp_path: Path) -> None:
    with lab(tmp_path, 3) as place:
        nobody_lets_themselves_in(place, Phone(place.network, place.authority, "02:00:00:00:03:01"))
        cut_off_by_time(place, "02:00:00:00:03:02", "+79161230031", 60)


def nobody_lets_themselves_in(place: Lab, device: Phone) -> None:
    """Not even who found out the token, as one can where the hid is shown: our script wants our signature.

    BinAuth refuses at once; while the daemon is busy with ndsctl it does not ask BinAuth, and the poll puts them out.
    """
    device.join()
    assert device.blocked()
    for custom in ("", "&custom=9999-0-0-" + "0" * 20, "&custom=" + signed_length("another-key", "x", 9999, 0, 0)):
        assert wait_until(lambda: device.blocked() and _is_waiting(place, device), PATIENCE)
        token = str(place.router.client(device.mac)["token"])
        hid = hashlib.sha256(token.encode()).hexdigest()
        for tok in (token, rhid_of(hid, "faskey-0123456789-abcdef")):
            device.get(f"http://10.91.0.1:2050/opennds_auth/?tok={tok}&redir=http%3a%2f%2fneverssl.test%2f{custom}")
            assert wait_until(device.blocked, PATIENCE), place.router.ndsctl("json")


def _is_waiting(place: Lab, device: Phone) -> bool:
    return place.router.client(device.mac).get("state") == "Preauthenticated"
