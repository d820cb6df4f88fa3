"""No path lets an unverified device in: arrivals, codes, replays, expiries, revocations and RADIUS requests in any order.

The product is asked through its doors; what it answers is held against a slow reference, and so is every grant in the
database after every step.
"""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import select

from portal.access import blocks
from portal.access.models import AccessGrant
from portal.consent import documents
from portal.core.db import Database
from portal.core.mac import Mac
from portal.core.phone import Phone
from portal.gateways.simulator import open_ticket, sign_arrival
from portal.privacy import erasure
from portal.signup import remembering
from portal.signup.codes import code_for
from portal.signup.lookup import open_ticket as open_code_ticket
from portal.signup.models import PhoneVerification
from portal.venues.models import GatewayConfig, LegalEntity, Nas, WifiPolicy
from radius_hooks.app import create_app as create_hooks
from tests.conftest import make_settings
from tests.support.house import NOW, build_house
from tests.support.reference_access import Grant, Login, Proof, Reference
from tests.support.signups import World, box_values, visit_token
from tests.support.spooled import Accounting

EXAMPLES = {"sqlite": 40, "postgresql": 15}
STEPS = 40
UNLIMITED = {
    "limit_number_day": 10**6, "limit_number_week": 10**6, "limit_device_hour": 10**6, "limit_device_day": 10**6,
    "limit_prefix_hour": 10**6, "limit_ip_hour": 10**6, "delivery_slow_percent": 0, "delivery_stop_percent": 0,
}  # fmt: skip
SPANS = (1, 5, 30, 60, 119, 121, 300, 600, 3600, 4 * 3600, 24 * 3600, 31 * 24 * 3600)  # seconds
GUESSES = ("{grant}", "{grant}-", "{grant}-0", "{grant}-zzzzzzz", "{name}0", "", "admin", "%{{User-Name}}")
_serial = count(1)


@pytest.fixture
def world(database: Database, tmp_path: Any) -> World:
    """A café where nothing but the rules of access stops anybody, and a stranger's café beside it."""
    chosen = make_settings(tmp_path, database_url=database.engine.url.render_as_string(hide_password=False), **UNLIMITED)
    with database.writing() as session:
        house = build_house(session)
        build_house(session, "izbushka")
        session.get_one(WifiPolicy, house.venue_id).devices_per_guest = 20
    made = World(chosen, database, house)
    made.change_venue(sms_per_minute_wifi=10**6, sms_day_kopecks_wifi=10**12)
    return made


def test_no_order_of_events_lets_an_unverified_device_in(world: World) -> None:
    class Story(Wifi):
        def __init__(self) -> None:
            super().__init__(world)

    examples = EXAMPLES[world.database.engine.dialect.name]
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


class Wifi(RuleBasedStateMachine):
    """Three devices, two phones, one café; time only goes forward, also from one story to the next."""

    pages: Bundle[tuple[str, str]] = Bundle("pages")  # MAC, the visit's token
    returns: Bundle[tuple[str, str]] = Bundle("returns")
    codes: Bundle[str] = Bundle("codes")  # addresses of code pages
    logins: Bundle[tuple[str, str]] = Bundle("logins")  # user name, MAC
    statuses: Bundle[tuple[str, Grant]] = Bundle("statuses")  # address of a status page

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.house, self.model = world, world.house, Reference()
        world.now = max(world.now, NOW) + timedelta(days=40)
        hooks = create_hooks(world.settings, world.database, lambda: world.now)
        self.hooks = hooks.test_client()
        self.hooks.environ_base["HTTP_X_VESTIBULE_SECRET"] = world.settings.radius_hook_secret.get_secret_value()
        self.accounting = Accounting(world.settings.accounting_spool, world.database, self.house.nas_name)
        with world.database.reading() as session:
            self.secret = session.get_one(GatewayConfig, self.house.gateway_id).secret
            self.strange_nas = session.scalars(select(Nas.name).where(Nas.name != self.house.nas_name)).one()
        start = next(_serial) * 10
        self.macs = [f"02{start + i:010x}" for i in range(3)]
        self.phones = [f"+7916{start + i:07d}" for i in range(2)]
        self.passwords: dict[str, str] = {}

    @property
    def now(self) -> datetime:
        return self.world.now

    # The guest

    @initialize(target=logins)
    def first_guest(self) -> Any:
        return self.sign_up(0, 0)

    @rule(target=logins, device=st.integers(0, 2), phone=st.integers(0, 1))
    def newcomer(self, device: int, phone: int) -> Any:
        return self.sign_up(device, phone)

    def sign_up(self, device: int, phone: int) -> Any:
        """The whole way in one step, as far as it leads: most stories would not get there by chance."""
        mac = self.macs[device]
        page = self.join(device)
        if not isinstance(page, tuple):
            return multiple()
        address = self.leave_phone(page, phone)
        if not isinstance(address, str):
            return multiple()
        self.type_code(address, True)
        return self.be_handed_over(device) if self.model.live(mac, self.now) else multiple()

    @rule(target=pages, device=st.integers(0, 2))
    def join(self, device: int) -> Any:
        mac = self.macs[device]
        page = self._client().get(self._redirect(mac))
        if self.model.live(mac, self.now):
            self._handed_over(page, mac)
            return multiple()
        if page.status_code == 303:
            assert page.location.startswith("/verify/")
            return multiple()
        assert page.status_code == 200
        assert ("/welcome" in page.text) == self.model.welcome(mac, self.now)
        return mac, visit_token(page.text)

    @rule(target=codes, device=st.integers(0, 2))
    def resume_by_mac(self, device: int) -> Any:
        page = self._client().get(self._redirect(self.macs[device]))
        if page.status_code != 303 or not page.location.startswith("/verify/"):
            return multiple()
        return page.location

    @rule(target=codes, page=pages, phone=st.integers(0, 1))
    def leave_phone(self, page: tuple[str, str], phone: int) -> Any:
        mac, token = page
        form = self._client().get(f"/form/{token}")
        if form.status_code != 200:
            return multiple()  # older than a day
        answer = self._client().post(
            "/signup", data={"visit": visit_token(form.text), "phone": self.phones[phone], **_card(form.text)}
        )
        if answer.status_code != 303:
            return multiple()
        row = self._verification(answer.location)
        for proof in self.model.proofs.values():
            if proof.visit == row.visit_id and proof.used is None:
                proof.closed = True
        known = self.model.proofs.setdefault(row.public_id, Proof(self.phones[phone], mac, row.visit_id, self.now))
        known.closed = False
        return answer.location

    @rule(address=codes, right=st.sampled_from([True, True, False]))
    def type_code(self, address: str, right: bool) -> None:
        ticket = self._ticket(address)
        if ticket is None:
            return
        row = self._verification(address)
        code = code_for(self.world.settings.keys, row.nonce, self.model.proofs[row.public_id].phone)
        typed = code if right else ("000000" if code != "000000" else "111111")
        answer = self._client().post(address, data={"code": typed})
        expected = self.model.code(row.public_id, right=right, by_mac=ticket.by_mac, now=self.now)
        statuses = {"refused": {422}, "blocked": {403}, "opened": {303}, "again": {303, 403}}  # a double tap may find the block
        assert answer.status_code in statuses[expected], (expected, answer.status_code)

    @rule(target=logins, device=st.integers(0, 2))
    def be_handed_over(self, device: int) -> Any:
        mac = self.macs[device]
        page = self._client().get(self._redirect(mac))
        return self._handed_over(page, mac) if self.model.live(mac, self.now) else multiple()

    @rule(target=logins, page=pages)
    def come_back(self, page: tuple[str, str]) -> Any:
        mac, token = page
        may, before = self.model.welcome(mac, self.now), self.model.live(mac, self.now)
        answer = self._client().post("/welcome", data={"visit": token})
        if answer.status_code != 303 or "/let-in/" not in answer.location:
            assert not (may and answer.status_code == 303) or "/form/" not in answer.location, "a remembered device was refused"
            return multiple()
        assert may or before, "a device came back that is not remembered"
        if not before:
            self.model.readmit(mac, self.now)
        return self._handed_over(answer, mac)

    @rule(login=logins)
    def press_disconnect(self, login: tuple[str, str]) -> None:
        visits = self._visits()
        visit = visits[self._place(self.model.logins[login[0]].grant)]
        self._client().post(f"{self._status(visit)}/disconnect")
        newest = len(visits) - 1 - visits[::-1].index(visit)  # a second code within half an hour is of the same visit and page
        self.model.grants[newest].ended_by = self.model.grants[newest].ended_by or "guest"

    # The router

    @rule(login=logins, device=st.integers(0, 2), there=st.booleans(), starts=st.booleans())
    def log_in(self, login: tuple[str, str], device: int, there: bool, starts: bool) -> None:
        name, own = login
        mac = self.macs[device]
        expected = self.model.seconds_by_login(name, mac, self.now) if there else 0
        answer = self._ask(self.house.nas_name if there else self.strange_nas, name, mac)
        assert _seconds(answer) == expected
        assert not expected or answer["control:Cleartext-Password"]["value"] == [self.passwords[name]]
        if expected and starts:
            self._account(name, mac)
            self.model.logins[name].spent = True
        assert mac == own or not expected

    @rule(device=st.integers(0, 2), spoofed=st.integers(0, 2), there=st.booleans(), starts=st.booleans())
    def log_in_by_mac(self, device: int, spoofed: int, there: bool, starts: bool) -> None:
        mac, named = self.macs[device], self.macs[spoofed]
        honest = there and device == spoofed
        expected = self.model.seconds_by_mac(mac, self.now) if honest else 0
        answer = self._ask(self.house.nas_name if there else self.strange_nas, Mac(named).dashes, mac)
        assert _seconds(answer) == expected
        if expected and starts:
            self._account(Mac(named).dashes, mac)
            self.model.readmit(mac, self.now)

    @rule(login=logins, name=st.sampled_from(GUESSES))
    def guess_a_name(self, login: tuple[str, str], name: str) -> None:
        guess = name.format(grant=login[0].partition("-")[0], name=login[0])
        if guess not in self.model.logins:
            assert _seconds(self._ask(self.house.nas_name, guess, login[1])) == 0

    # The house

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: int) -> None:
        self.world.later(seconds=span)

    @rule(device=st.none() | st.integers(0, 2), phone=st.integers(0, 1))
    def staff_block(self, device: int | None, phone: int) -> None:
        mac, number = (self.macs[device], None) if device is not None else (None, self.phones[phone])
        with self.world.database.writing() as session:
            entity = session.get_one(LegalEntity, self.house.legal_entity_id)
            made, _ = blocks.block(
                session, entity, phone=Phone(number) if number else None, mac=Mac(mac) if mac else None, reason="fight",
                staff_name="Anna", now=self.now,
            )  # fmt: skip
            self.blocked_by = made.id
        self.model.blocked.add(mac or number or "")
        self.model.end([g for g in self.model.grants if mac == g.mac or number == g.phone], "blocked", self.now)
        self.model.remembered.pop(mac or "", None)
        if number:
            self.model.forget_phone(number)

    @rule()
    def staff_unblock(self) -> None:
        with self.world.database.writing() as session:
            for one in blocks.in_force(session, [self.house.legal_entity_id]):
                blocks.unblock(session, [self.house.legal_entity_id], one.id, self.now)
        self.model.blocked.clear()

    @rule(phone=st.integers(0, 1))
    def guest_erases_everything(self, phone: int) -> None:
        number = self.phones[phone]
        with self.world.database.writing() as session:
            erasure.erase(session, self.world.settings.keys, self.house.legal_entity_id, number, self.now)
        self.model.end([g for g in self.model.grants if g.phone == number], "erased", self.now)
        self.model.forget_phone(number)
        for proof in self.model.proofs.values():
            if proof.phone == number:
                proof.tries = {False: 5, True: 5}

    @rule()
    def owner_publishes_new_terms(self) -> None:
        with self.world.database.writing() as session:
            old = documents.published(session, self.house.venue_id, "wifi_terms", "ru")
            assert old is not None
            draft = documents.draft_from(session, old, self.now)
            remembering.publish(session, draft, self.now)
        self.world.app.extensions.pop("vestibule-shelf", None)
        self.model.remembered.clear()

    # What must hold

    @invariant()
    def grants_are_those_of_the_reference(self) -> None:
        with self.world.database.reading() as session:
            found = session.scalars(select(AccessGrant).where(AccessGrant.mac.in_(self.macs)).order_by(AccessGrant.id))
            rows = [(g.mac, g.starts_at, g.expires_at, g.revoked_reason) for g in found]
        assert rows == [(g.mac, g.begins, g.ends, g.ended_by) for g in self.model.grants]

    # How it is done

    def _client(self) -> FlaskClient:
        return self.world.client()

    def _redirect(self, mac: str) -> str:
        values = {"mac": Mac(mac).colons, "ip": "10.0.0.9", "url": "", "ts": str(int(self.now.timestamp()))}
        return f"/wifi/{self.house.venue_code}?{urlencode(values | {'sig': sign_arrival(self.secret, values)})}"

    def _handed_over(self, answer: Any, mac: str) -> tuple[str, str]:
        assert answer.status_code == 303 and "/let-in/" in answer.location
        ticket = open_ticket(self.secret, answer.location.rsplit("/", 1)[1], "let-in", self.now.timestamp())
        grant = self.model.live(mac, self.now)
        assert grant is not None and ticket["mac"] == mac
        name = ticket["user_name"]
        self.passwords[name] = ticket["password"]
        self.model.logins.setdefault(name, Login(grant, datetime.fromtimestamp(int(self.now.timestamp()), UTC)))
        return name, mac

    def _ticket(self, address: str) -> Any:
        try:
            return open_code_ticket(self.world.settings.keys, address.removeprefix("/verify/"), self.now)
        except Exception:
            return None

    def _verification(self, address: str) -> PhoneVerification:
        ticket = self._ticket(address)
        with self.world.database.reading() as session:
            return session.scalars(select(PhoneVerification).where(PhoneVerification.public_id == ticket.public_id)).one()

    def _place(self, grant: Grant) -> int:
        return next(i for i, one in enumerate(self.model.grants) if one is grant)

    def _visits(self) -> list[str]:
        """Of each grant, in the reference's order."""
        with self.world.database.reading() as session:
            mine = select(AccessGrant.visit_id).where(AccessGrant.mac.in_(self.macs))
            return list(session.scalars(mine.order_by(AccessGrant.id)))

    def _status(self, visit: str) -> str:
        return f"/connected/{self.world.settings.keys.seal('connected', {'v': visit}, self.now)}"

    def _ask(self, nas: str, name: str, mac: str) -> dict[str, Any]:
        answer = self.hooks.post(f"/authorize/{nas}", data=json.dumps({"User-Name": name, "Calling-Station-Id": Mac(mac).dashes}))
        assert answer.status_code in (200, 400)
        return answer.get_json() if answer.status_code == 200 else {}

    def _account(self, name: str, mac: str) -> None:
        body = {
            "Acct-Status-Type": "Start", "Acct-Session-Id": f"s{next(_serial)}", "User-Name": name,
            "Calling-Station-Id": Mac(mac).dashes, "Framed-IP-Address": "10.0.0.9",
        }  # fmt: skip
        self.accounting.report(self.now, body)


def _seconds(answer: dict[str, Any]) -> int:
    """For how long an answer lets in; 0 for a refusal."""
    if answer.get("control:Auth-Type", {}).get("value") == ["Reject"] or "reply:Session-Timeout" not in answer:
        return 0
    return int(answer["reply:Session-Timeout"])


def _card(page: str) -> dict[str, str]:
    values = box_values(page)
    return {"box_card": values["box_card"]} if "box_card" in values else {}
