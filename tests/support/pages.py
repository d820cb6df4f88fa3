"""Every page of the product in every state that a person can see. A new page is one line here, or a test fails."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from portal.consent import documents
from portal.venues import directory, setup, signs
from tests.support import source_states, staff_states
from tests.support.gateway_states import disconnected, known_by_its_mac_alone, last_step, refused_by_the_router, refused_login
from tests.support.outside_states import webhook
from tests.support.stage import PASSWORD, VENUE, Stage

LANGUAGES = ("ru", "en")
SIZES = ((360, 640), (1280, 800))

# Addresses that answer no page of their own.
NOT_PAGES = {
    "static": "files",
    "guest.seen": "one pixel",
    "guest.card_shown": "one pixel",
    "guest.card_manifest": "for the operating system",
    "guest.service_worker": "a script",
    "callbacks.ask_to_stop": "redirects",
    "dashboard.journal_file": "a file",
    "guest.proof": "one pixel on the second host",
    "guest.not_captive": "redirects",
    "guest.enter": "redirects",
    "guest.capport": "for operating systems; redirects a browser",
    "guest.short_link": "redirects; its unknown link is the page of a wrong address",
    "dashboard.home": "redirects by role",
    "dashboard.export": "a file",
    "api.document": "for programs",
    "api.venues": "for programs",
    "api.venue": "for programs",
    "api.sources": "for programs",
    "api.channels": "for programs",
    "api.series": "for programs",
    "api.funnel": "for programs",
    "api.times": "for programs",
    "api.stops": "for programs",
    "dashboard.live_part": "part of a page",
    "dashboard.sheet_picture": "a picture",
    "health.healthz": "for machines",
    "health.readyz": "for machines",
    "health.exposition": "for machines",
}


@dataclass(frozen=True)
class State:
    """`where` prepares the state and says its path; `act` does in the browser what a path cannot."""

    name: str
    endpoint: str
    where: Callable[[Stage], str]
    act: Callable[[Page], None] | None = None
    role: str | None = None  # signed in as
    status: int = 200


def _send(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f'[name="{name}"]', value)
    page.locator("main form button, form button").first.click()
    page.wait_for_load_state()


def _send_sheet(page: Page, **fields: str) -> None:
    """The form that adds something, below those of the list."""
    for name, value in fields.items():
        page.fill(f'[name="{name}"]', value)
    page.locator("form.sheet button.primary").click()
    page.wait_for_load_state()


def _opened_code(stage: Stage) -> str:
    return stage.code_page()[1]


def _expired_code(stage: Stage) -> str:
    path = _opened_code(stage)
    stage.later(minutes=11)
    return path


def _may_resend(stage: Stage) -> str:
    path = _opened_code(stage)
    stage.later(seconds=70)
    return path


def _used_code(stage: Stage) -> str:
    client, path, phone = stage.code_page()
    client.post(path, data={"code": stage.code(phone)})
    return path


def _came_back_by_mac(stage: Stage) -> str:
    entry = stage.wifi()
    stage.code_page(entry)
    location: str = stage.client().get(entry).location
    return location


def _voucher_form(stage: Stage) -> str:
    page = stage.client().get(stage.wifi()).text
    token = page.split('href="/voucher/')[1].split('"')[0]
    return f"/voucher/{token}"


def _slow(stage: Stage) -> str:
    path = stage.connected()
    stage.later(seconds=20)
    return path


def _no_internet(stage: Stage) -> str:
    path = stage.connected()
    stage.later(minutes=2)
    return path


def _ended(stage: Stage) -> str:
    path = stage.connected()
    stage.later(hours=5)
    return path


def _draft(stage: Stage) -> str:
    with stage.database.writing() as session:
        venue = directory.venue_by_code(session, VENUE)
        assert venue is not None
        text = documents.published(session, venue.id, "wifi_terms", stage.language)
        assert text is not None
        draft = documents.draft_from(session, text, stage.now())
        return f"/dashboard/venues/{VENUE}/documents/wifi_terms/{stage.language}/{draft.version}/edit"


def _source_page(kind: str) -> Callable[[Stage], str]:
    return lambda stage: f"/dashboard/sources/{stage.source}/{kind}"


def _venue_page(rest: str) -> Callable[[Stage], str]:
    return lambda stage: f"/dashboard/venues/{VENUE}{rest}"


def _gateway_page(stage: Stage) -> str:
    with stage.database.writing() as session:
        venue = directory.venue_by_code(session, VENUE)
        assert venue is not None
        gateway = directory.gateways_of(session, venue.id)[0]
        signs.note(session, gateway.id, "redirect", stage.now())
        return f"/dashboard/venues/{VENUE}/gateways/{gateway.key}"


def _new_venue(stage: Stage) -> str:
    with stage.database.writing() as session:
        venue = directory.venue_by_code(session, VENUE)
        assert venue is not None
        if directory.venue_by_code(session, "poliana") is None:
            setup.create_venue(session, venue.legal_entity, "poliana", "Ясная поляна", "Asia/Omsk", stage.now(), city="Омск")
    return "/dashboard/overview?venue=poliana"


GUEST = (
    State("index", "guest.index", lambda stage: "/"),
    State("landing from a code", "guest.scanned", lambda stage: f"/s/{stage.source}"),
    State(
        "landing with mistakes",
        "guest.signup",
        lambda stage: f"/s/{stage.source}",
        lambda page: _send(page, phone="8 800"),
        status=422,
    ),
    State("unknown code", "guest.scanned", lambda stage: "/s/nothing", status=404),
    State("landing from a link", "guest.linked", lambda stage: f"/v/{VENUE}?utm_source=vk"),
    State("landing on Wi-Fi", "guest.joined", lambda stage: stage.wifi()),
    State("remembered device", "guest.joined", lambda stage: stage.remembered()),
    State("Wi-Fi that vouches for nothing", "guest.joined", lambda stage: f"/wifi/{VENUE}", status=400),
    State("a UniFi site of nobody", "guest.from_unifi", lambda stage: "/guest/s/nobody/?ap=02:00:00:00:00:01", status=404),
    State("Wi-Fi that refuses a device", "guest.joined", refused_login),
    State("code", "guest.verify", _opened_code),
    State("code that did not fit", "guest.check", _opened_code, lambda page: _send(page, code="000000"), status=422),
    State("code may be sent again", "guest.verify", _may_resend),
    State("code too old", "guest.verify", _expired_code),
    State("code used", "guest.verify", _used_code),
    State("code by the link in the SMS", "guest.verify", lambda stage: stage.by_link()),
    State("a code that was not asked for", "guest.ask_unwanted", lambda stage: stage.by_link() + "/unwanted"),
    State("no more codes to a number", "guest.say_unwanted", lambda stage: stage.by_link() + "/unwanted", _send),
    State("code of a device that came back", "guest.verify", _came_back_by_mac),
    State("wrong number", "guest.wrong_number", lambda stage: f"{_opened_code(stage)}/number"),
    State("form again", "guest.form_again", lambda stage: _voucher_form(stage).replace("/voucher/", "/form/")),
    State("staff code", "guest.voucher", _voucher_form),
    State(
        "staff code that did not fit", "guest.redeem", _voucher_form, lambda page: _send(page, voucher="AAAAAAAAAA"), status=422
    ),
    State("last step", "guest.go", last_step),
    State("opening the internet", "guest.connected", lambda stage: stage.connected()),
    State("online", "guest.connected", lambda stage: stage.connected(online=True)),
    State("internet opens slowly", "guest.connected", _slow),
    State("no internet", "guest.connected", _no_internet),
    State("time is over", "guest.connected", _ended),
    State("internet that the router refuses", "guest.connected", refused_by_the_router),
    State("disconnected by staff", "guest.connected", disconnected),
    State("online, by the device alone", "guest.connected", known_by_its_mac_alone),
    State("card", "guest.card", lambda stage: stage.proven()[0]),
    State("my data, number", "guest.me", lambda stage: f"/me/{VENUE}"),
    State("my data", "guest.mine", lambda stage: stage.me()),
    State("my data without a card", "guest.mine", lambda stage: stage.me(card=False)),
    State("my data, erase", "guest.confirm_erase", lambda stage: f"{stage.me()}/erase"),
    State("document", "guest.document", lambda stage: f"/d/{VENUE}/card_consent"),
    State("document, one version", "guest.document_version", lambda stage: f"/d/{VENUE}/wifi_terms/1/{stage.language}"),
    State("console SMS", "guest.demo_sms", lambda stage: "/demo/sms"),
    State("link too old", "guest.verify", lambda stage: "/verify/of-some-other-house", status=400),
    State("wrong address", "errors", lambda stage: "/no/such/page", status=404),
)
DASHBOARD = (
    State("sign in", "dashboard.sign_in", lambda stage: "/dashboard/sign-in"),
    State(
        "sign in refused", "dashboard.sign_in_send", lambda stage: "/dashboard/sign-in",
        lambda page: _send(page, email="nobody@samovar.example", password="not-the-password"), status=422,
    ),
    State("overview", "dashboard.overview", lambda stage: "/dashboard/overview", role="owner"),
    State(
        "overview of ninety days", "dashboard.overview",
        lambda stage: "/dashboard/overview?range=quarter&metric=rate", role="owner",
    ),
    State(
        "overview with filters", "dashboard.overview",
        lambda stage: f"/dashboard/overview?source={stage.source}&device=iphone&visitors=new", role="owner",
    ),
    State("overview of a new venue", "dashboard.overview", _new_venue, role="owner"),
    State(
        "funnels side by side", "dashboard.funnel",
        lambda stage: f"/dashboard/funnel?pick=all&pick={stage.source}", role="marketer",
    ),
    State("times per step", "dashboard.times", lambda stage: "/dashboard/times", role="marketer"),
    State("last half hour", "dashboard.live", lambda stage: "/dashboard/live", role="marketer"),
    State("venues compared", "dashboard.compare", lambda stage: "/dashboard/compare", role="owner"),
    State("sources", "dashboard.sources", lambda stage: "/dashboard/sources", role="marketer"),
    State("new source", "dashboard.new_source", _venue_page("/sources/new"), role="marketer"),
    State("source", "dashboard.edit_source", _source_page("edit"), role="marketer"),
    State("sheets", "dashboard.sheets", _source_page("sheets"), role="marketer"),
    State("sheets of several sources", "dashboard.venue_sheets", _venue_page("/sheets"), role="marketer"),
    State("numbered codes", "dashboard.new_batch", _venue_page("/sources/batch"), role="marketer"),
    State(
        "numbered codes refused", "dashboard.create_batch", _venue_page("/sources/batch"),
        lambda page: (page.fill('[name="last"]', "0"), page.click("main button.primary"), page.wait_for_load_state())[2],
        role="marketer", status=422,
    ),
    State("costs of a source", "dashboard.source_costs", source_states.with_costs, role="marketer"),
    State("life of a source", "dashboard.source_life", _source_page("life"), role="marketer"),
    State("merged source", "dashboard.source_life", source_states.merged, role="marketer"),
    State("money", "dashboard.money", lambda stage: "/dashboard/money", role="marketer"),
    State("settings", "dashboard.settings", lambda stage: "/dashboard/settings", role="owner"),
    State("venue", "dashboard.venue", _venue_page(""), role="owner"),
    State("operator", "dashboard.operator", _venue_page("/operator"), role="owner"),
    State("documents", "dashboard.documents", _venue_page("/documents"), role="owner"),
    State("document in the dashboard", "dashboard.document", _venue_page("/documents/card_consent/ru/1"), role="owner"),
    State("document draft", "dashboard.edit_document", _draft, role="owner"),
    State("Wi-Fi policy", "dashboard.wifi", _venue_page("/wifi"), role="owner"),
    State("gateways", "dashboard.gateways", _venue_page("/gateways"), role="owner"),
    State("new gateway", "dashboard.new_gateway", _venue_page("/gateways/new/mikrotik"), role="owner"),
    State("gateway", "dashboard.gateway", _gateway_page, role="owner"),
    State(
        "gateway with its secrets", "dashboard.show_pastes", _gateway_page,
        lambda page: (page.locator("button.primary").first.click(), page.wait_for_load_state())[1], role="owner",
    ),
    State("gateway settings", "dashboard.edit_gateway", lambda stage: f"{_gateway_page(stage)}/edit", role="owner"),
    State("SMS budget", "dashboard.sms", _venue_page("/sms"), role="owner"),
    State("Wi-Fi register", "dashboard.register", _venue_page("/register"), role="owner"),
    State("blocked on the Wi-Fi", "dashboard.blocks", lambda stage: stage.blocked(), role="staff"),
    State("online now", "dashboard.online", lambda stage: stage.online_now(), role="staff"),
    State("nobody online", "dashboard.online", lambda stage: stage.nobody_online(), role="owner"),
    State("look-up", "dashboard.lookup", lambda stage: "/dashboard/lookup", role="staff"),
    State("staff codes", "dashboard.vouchers", lambda stage: "/dashboard/vouchers", role="staff"),
    State("sign in, second factor", "dashboard.sign_in_code", staff_states.half_signed_in,
          lambda page: _send(page, email=staff_states.GUARDED, password=PASSWORD)),
    State("password forgotten", "dashboard.forgot", lambda stage: "/dashboard/forgot"),
    State("letter is on its way", "dashboard.forgot_send", lambda stage: "/dashboard/forgot",
          lambda page: _send(page, email="nobody@samovar.example")),
    State("invitation", "dashboard.welcome", lambda stage: staff_states.link(stage, "invite")),
    State("invitation refused", "dashboard.welcome_send", lambda stage: staff_states.link(stage, "invite"),
          lambda page: _send(page, name="Анна", password="short"), status=422),
    State("link for a new password", "dashboard.welcome", lambda stage: staff_states.link(stage, "reset")),
    State("link that is over", "dashboard.welcome", lambda stage: "/dashboard/welcome/of-long-ago", status=404),
    State("second factor, new", "dashboard.second_factor", lambda stage: "/dashboard/second-factor", role="marketer"),
    State("second factor, recovery codes", "dashboard.turn_on_factor", lambda stage: "/dashboard/second-factor",
          staff_states.set_up, role="staff"),
    State("second factor, on", "dashboard.second_factor", staff_states.with_second_factor, role="staff"),
    State("account", "dashboard.account", lambda stage: "/dashboard/account", role="marketer"),
    State("people", "dashboard.people", staff_states.people_of_the_house, role="owner"),
    State("people, refused", "dashboard.invite_person", staff_states.people_of_the_house,
          staff_states.invite_nobody, role="owner", status=422),
    State("a colleague", "dashboard.person", staff_states.colleague, role="owner"),
    State("brand", "dashboard.brand", staff_states.brand, role="owner"),
    State("brand saved", "dashboard.brand", staff_states.brand, _send_sheet, role="owner"),
    State("a preview of the guest page", "guest.preview_page", staff_states.preview),
    State("a preview of the code page", "guest.preview_page", lambda stage: staff_states.preview(stage, "code")),
    State("a preview of the way online", "guest.preview_page", lambda stage: staff_states.preview(stage, "online")),
    State("too much was sent", "dashboard.save_venue", _venue_page(""), staff_states.send_too_much, role="owner", status=413),
    State("SMS account tried", "dashboard.check_sms_account", _venue_page("/sms"), staff_states.check_account, role="owner"),
    State("sessions", "dashboard.sessions", lambda stage: "/dashboard/sessions", role="staff"),
    State("members for advertising", "dashboard.members", _venue_page("/members"), role="owner"),
    State("keys to the API", "dashboard.api", lambda stage: "/dashboard/api", role="owner"),
    State(
        "a new key", "dashboard.make_token", lambda stage: "/dashboard/api",
        lambda page: _send_sheet(page, name="till"), role="owner",
    ),
    State("webhooks", "dashboard.webhooks", lambda stage: "/dashboard/webhooks", role="owner"),
    State("webhook", "dashboard.webhook", webhook, role="owner"),
    State(
        "webhook with its secret", "dashboard.webhook_secret", webhook,
        lambda page: (page.locator('form[action$="/secret"] button').click(), page.wait_for_load_state())[1], role="owner",
    ),
    State("journal", "dashboard.journal", lambda stage: "/dashboard/journal", role="owner"),
    State("not open to a role", "dashboard.journal", lambda stage: "/dashboard/journal", role="staff", status=403),
    State("no such source", "dashboard", lambda stage: "/dashboard/sources/nothing/edit", role="owner", status=404),
)  # fmt: skip
STATES = (*GUEST, *DASHBOARD)
