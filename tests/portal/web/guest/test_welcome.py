"""A remembered device at the Wi-Fi's redirect: one page, one button, nothing personal, nothing written by looking."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from portal import models
from portal.access import blocks
from portal.access.models import AccessGrant, Identification, RememberedDevice
from portal.acquisition.models import Visit
from portal.consent import documents
from portal.consent.models import ConsentDocument
from portal.core.mac import Mac
from portal.gateways.simulator import sign_arrival
from portal.signup import remembering
from portal.sms.models import SmsMessage
from portal.venues import directory
from portal.venues.models import GatewayConfig, LegalEntity, WifiPolicy
from tests.support.access import OTHER_MAC, PHONE_MAC
from tests.support.signups import E164, World, leave_phone, type_code, visit_token

BUTTON = 'action="/welcome"'


def joined(world: World, mac: Mac = PHONE_MAC) -> str:
    """The redirect of the pretend router."""
    with world.database.reading() as session:
        secret = session.get_one(GatewayConfig, world.house.gateway_id).secret
    values = {"mac": mac.colons, "ip": "10.0.0.9", "url": "", "ts": str(int(world.now.timestamp()))}
    return f"/wifi/{world.house.venue_code}?{urlencode(values | {'sig': sign_arrival(secret, values)})}"


def prove(world: World, mac: Mac = PHONE_MAC) -> Any:
    """The whole way of a guest: number and code; returns the last answer."""
    client = world.client()
    sent = leave_phone(client, client.get(joined(world, mac)).text, boxes=())
    return type_code(client, sent.location, world.code())


def counts(world: World) -> dict[str, int]:
    with world.database.reading() as session:
        return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in models.metadata.sorted_tables}


@pytest.fixture
def known(world: World) -> World:
    """PHONE_MAC was proven, and came back the next day."""
    assert prove(world).status_code == 303
    world.later(days=1)
    return world


def test_proving_a_phone_on_the_wifi_remembers_the_device(world: World) -> None:
    assert prove(world).status_code == 303
    (row,) = world.rows(RememberedDevice)
    proof = world.rows(Identification)[0]
    with world.database.reading() as session:
        newest = session.scalar(select(func.max(ConsentDocument.id)).where(ConsentDocument.kind.in_(remembering.WIFI_DOCUMENTS)))
    assert (row.mac, row.identification_id, row.vouched, row.everywhere) == (PHONE_MAC.hex, proof.id, True, False)
    assert (row.since, row.until, row.document_id) == (world.now, world.now + timedelta(days=30), newest)
    world.later(days=31)
    assert prove(world).status_code == 303
    (again,) = world.rows(RememberedDevice)
    assert (again.id, again.since, again.identification_id) == (row.id, world.now, world.rows(Identification)[-1].id)


def test_a_venue_that_remembers_nobody_writes_nothing(world: World) -> None:
    with world.database.writing() as session:
        session.get_one(WifiPolicy, world.house.venue_id).remember_days = 0
    assert prove(world).status_code == 303
    assert world.rows(RememberedDevice) == []


def test_a_mac_that_only_the_browser_told_learns_nothing_and_writes_nothing(known: World) -> None:
    with known.database.writing() as session:
        config = session.get_one(GatewayConfig, known.house.gateway_id)
        config.kind, config.base_url = "mikrotik", "http://10.5.50.1"
    known.app.extensions.pop("vestibule-shelf", None)
    before = counts(known)
    values = {"mac": PHONE_MAC.colons, "ip": "10.5.50.7", "link-login-only": "http://10.5.50.1/login", "link-orig": ""}
    client = known.client()
    page = client.get(f"/wifi/{known.house.venue_code}?{urlencode(values)}")
    assert page.status_code == 200 and BUTTON not in page.text and 'name="phone"' in page.text
    assert client.post("/welcome", data={"visit": visit_token(page.text)}).location.startswith("/form/")
    assert counts(known) == before


def test_the_page_has_one_button_and_writes_nothing(known: World) -> None:
    before = counts(known)
    answer = known.client().get(joined(known))
    assert answer.status_code == 200 and BUTTON in answer.text and answer.text.count("<button") == 1
    assert counts(known) == before
    assert not any(part in answer.text for part in (E164, E164[-4:], "45-67", PHONE_MAC.hex, PHONE_MAC.colons, PHONE_MAC.dashes))
    assert "Set-Cookie" not in answer.headers and "<script" not in answer.text


def test_one_tap_goes_online_without_number_code_or_sms(known: World) -> None:
    client, messages = known.client(), len(known.rows(SmsMessage))
    token = visit_token(client.get(joined(known)).text)
    answers = [client.post("/welcome", data={"visit": token}) for _ in range(2)]
    assert all(answer.status_code == 303 and "/let-in/" in answer.location for answer in answers)
    returned = [visit for visit in known.rows(Visit) if visit.visitor_class == "remembered"]
    assert len(returned) == 1 and returned[0].verified_at is None and returned[0].entry == "wifi"
    grant = known.rows(AccessGrant)[-1]
    assert (grant.visit_id, grant.mac, grant.starts_at) == (returned[0].public_id, PHONE_MAC.hex, known.now)
    assert known.rows(Identification)[-1].proof == "remembered" and len(known.rows(SmsMessage)) == messages
    assert client.get(joined(known)).location.startswith("http://127.0.0.1:8002/let-in/")


def test_another_device_sees_the_form(known: World) -> None:
    assert BUTTON not in known.client().get(joined(known, OTHER_MAC)).text


def test_who_would_rather_use_a_number_gets_the_form(known: World) -> None:
    page = known.client().get(joined(known)).text
    form = page.split('href="/form/')[1].split('"')[0]
    assert 'name="phone"' in known.client().get(f"/form/{form}").text


def test_an_old_page_of_a_device_that_is_remembered_no_longer_leads_to_the_form(known: World) -> None:
    token = visit_token(known.client().get(joined(known)).text)
    with known.database.writing() as session:
        session.scalars(select(RememberedDevice)).one().ended_at = known.now
    answer = known.client().post("/welcome", data={"visit": token})
    assert answer.status_code == 303 and answer.location.startswith("/form/")
    assert [visit for visit in known.rows(Visit) if visit.visitor_class == "remembered"] == []


@pytest.mark.parametrize("visit", ["", "made-up", "x" * 2000])
def test_a_made_up_token_lets_nobody_in(known: World, visit: str) -> None:
    before = counts(known)
    assert known.client().post("/welcome", data={"visit": visit}).status_code == 400
    assert counts(known) == before


@pytest.mark.parametrize(("kind", "ends"), [("wifi_terms", True), ("privacy_policy", True), ("programme_rules", False)])
def test_a_new_version_of_a_wifi_document_asks_for_the_code_again(known: World, kind: str, ends: bool) -> None:
    with known.database.writing() as session:
        text = documents.published(session, known.house.venue_id, kind, "ru")
        assert text is not None
        draft = documents.draft_from(session, text, known.now)
        documents.edit_draft(session, draft, text.body + "\n\nНовый пункт.")
        assert remembering.publish(session, draft, known.now) == int(ends)
    assert (BUTTON in known.client().get(joined(known)).text) is not ends


def test_a_blocked_phone_has_the_right_code_and_still_gets_no_internet(world: World) -> None:
    with world.database.writing() as session:
        entity = session.get_one(LegalEntity, world.house.legal_entity_id)
        blocks.block(session, entity, phone=None, mac=PHONE_MAC, reason="шум", staff_name="Анна", now=world.now)
    answer = prove(world)
    assert answer.status_code == 403 and "шум" not in answer.text
    assert world.rows(AccessGrant) == [] and world.rows(RememberedDevice) == []
    assert len(world.rows(Identification)) == 1  # the code was right: the register says so


def test_forget_on_the_status_page_forgets_the_device(known: World) -> None:
    client = known.client()
    client.post("/welcome", data={"visit": visit_token(client.get(joined(known)).text)})
    grant = known.rows(AccessGrant)[-1]
    token = known.settings.keys.seal("connected", {"v": grant.visit_id}, known.now)
    assert client.post(f"/connected/{token}/forget").status_code == 303
    (row,) = known.rows(RememberedDevice)
    assert (row.ended_at, row.ended_reason) == (known.now, "guest")


def test_a_mac_that_only_the_browser_told_does_not_replace_what_is_known(known: World) -> None:
    (row,) = known.rows(RememberedDevice)
    with known.database.writing() as session:
        venue, policy = directory.venue_by_id(session, known.house.venue_id), directory.policy_of(session, known.house.venue_id)
        remembering.remember(session, venue, policy, PHONE_MAC, 999, known.now, vouched=False)
    assert known.rows(RememberedDevice)[0].identification_id == row.identification_id
    with known.database.writing() as session:
        session.scalars(select(RememberedDevice)).one().ended_at = known.now
        session.flush()
        remembering.remember(session, venue, policy, PHONE_MAC, 999, known.now, vouched=False)
    (replaced,) = known.rows(RememberedDevice)
    assert (replaced.identification_id, replaced.vouched, replaced.ended_at) == (999, False, None)
