"""States of the pages about logins, the venue's look and the SMS account."""

import re

import pyotp
from playwright.sync_api import Page
from sqlalchemy import select

from portal.staff import accounts, invitations, people, second_factor
from portal.staff.models import StaffUser
from portal.venues import directory, logo
from portal.web import preview as previews
from portal.web.preview import Look
from tests.support.pictures import logo_file
from tests.support.stage import PASSWORD, VENUE, Stage

GUARDED = "guarded@samovar.example"


def _somebody(stage: Stage, email: str, role: str = "marketer") -> int:
    """A colleague's id; made once."""
    with stage.database.writing() as session:
        user = accounts.by_email(session, email)
        if user is None:
            organization = session.scalars(select(StaffUser.organization_id)).first()
            assert organization is not None
            user, _ = accounts.create(session, organization, email, "Борис Демо", role, PASSWORD, [], stage.now())
        return user.id


def half_signed_in(stage: Stage) -> str:
    """The sign-in of somebody who has a second factor."""
    with stage.database.writing() as session:
        found = accounts.by_email(session, GUARDED)
        if found is None:
            organization = session.scalars(select(StaffUser.organization_id)).first()
            assert organization is not None
            found, _ = accounts.create(session, organization, GUARDED, "Вера Демо", "staff", PASSWORD, [], stage.now())
        _switch_on(stage, session, found)
    return "/dashboard/sign-in"


def with_second_factor(stage: Stage) -> str:
    """The page of a login that has one. `Stage.staff` takes it off for the next state."""
    with stage.database.writing() as session:
        user = accounts.by_email(session, f"staff-{stage.language}@samovar.example")
        assert user is not None
        _switch_on(stage, session, user)
    return "/dashboard/second-factor"


def _switch_on(stage: Stage, session, user: StaffUser) -> None:  # type: ignore[no-untyped-def]
    secret, keys = second_factor.new_secret(), stage.settings.keys
    second_factor.turn_on(session, keys, user, secret, second_factor.code_at(secret, stage.now()), stage.now())


def set_up(page: Page) -> None:
    """Read the key from the page as a person does, and type the code that an app would show."""
    key = re.sub(r"\s", "", page.locator("code.key").inner_text())
    page.fill('[name="code"]', pyotp.TOTP(key).now())
    page.fill('[name="password"]', PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_load_state()


def link(stage: Stage, kind: str) -> str:
    """A fresh link of one kind."""
    with stage.database.writing() as session:
        user = session.get_one(StaffUser, _id_in(stage, session))
        return (
            f"/dashboard/welcome/{invitations.token_of(stage.settings.keys, invitations.write(session, user, kind, stage.now()))}"
        )


def _id_in(stage: Stage, session) -> int:  # type: ignore[no-untyped-def]
    user = accounts.by_email(session, "linked@samovar.example")
    if user is None:
        organization = session.scalars(select(StaffUser.organization_id)).first()
        user, _ = accounts.create(session, organization, "linked@samovar.example", "Анна", "staff", PASSWORD, [], stage.now())
    return user.id


def people_of_the_house(stage: Stage) -> str:
    """Everybody: open, invited, closed."""
    _somebody(stage, "boris@samovar.example")
    closed = _somebody(stage, "gone@samovar.example", "staff")
    with stage.database.writing() as session:
        user = session.get_one(StaffUser, closed)
        accounts.deactivate(session, user, stage.now())
        if accounts.by_email(session, "new@samovar.example") is None:
            people.invite(
                session, user.organization_id, "new@samovar.example", "Новый Демо", "staff", [], "ru", stage.now()
            )  # fmt: skip
    return "/dashboard/people"


def colleague(stage: Stage) -> str:
    """A colleague with a browser signed in."""
    number = _somebody(stage, "boris@samovar.example")
    client = stage.client()
    page = client.get("/dashboard/sign-in").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert token is not None
    agent = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"}
    fields = {"csrf_token": token[1], "email": "boris@samovar.example", "password": PASSWORD}
    client.post("/dashboard/sign-in", data=fields, headers=agent)
    return f"/dashboard/people/{number}"


def brand(stage: Stage) -> str:
    """The look of the first café, with a logo."""
    with stage.database.writing() as session:
        venue = directory.venue_by_code(session, VENUE)
        assert venue is not None
        venue.logo_png = logo.remade(logo_file())
    return f"/dashboard/venues/{VENUE}/brand"


def preview(stage: Stage, page: str = "qr") -> str:
    """What stands in the phone's frame."""
    with stage.database.reading() as session:
        venue = directory.venue_by_code(session, VENUE)
        assert venue is not None
        look = Look(venue.id, page, stage.language, "#1f6f5c", "Карта гостя: кофе в подарок", "Guest card: a coffee on us")
    return f"/preview/{previews.seal(stage.settings.keys, look, stage.now())}"


def send_too_much(page: Page) -> None:
    """A form far larger than any is."""
    page.evaluate("document.querySelector('[name=name]').value = 'x'.repeat(100000)")
    page.locator("form.sheet button.primary").click()
    page.wait_for_load_state()


def check_account(page: Page) -> None:
    """Press the button."""
    page.locator("#account button").first.click()
    page.wait_for_load_state()


def invite_nobody(page: Page) -> None:
    """Send the form with an address that is none."""
    page.fill('[name="email"]', "nothing")
    page.locator("#invite button.primary").click()
    page.wait_for_load_state()
