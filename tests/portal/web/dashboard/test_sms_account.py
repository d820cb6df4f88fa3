"""The SMS account, tried from its screen."""

import pytest

from portal.app import create_app
from portal.core.i18n import LANGUAGES, translations
from portal.sms.senders.base import BadCredentials, GateDown, NoMoney
from portal.sms.senders.smsaero import SmsAeroSender
from tests.conftest import make_settings
from tests.support.dashboard import Browser, employ
from tests.support.house import NOW
from tests.support.journal import lines_of
from tests.support.recording_sender import RecordingSender
from tests.support.smsaero_gate import SmsAeroGate

AT = "/dashboard/venues/teremok/sms"


@pytest.fixture
def sender() -> RecordingSender:
    return RecordingSender(lambda: NOW)


@pytest.fixture
def browser(settings, database, house, sender) -> Browser:
    browser = Browser(create_app(settings, database, lambda _: None, lambda: NOW, sender=sender))
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser


def test_the_real_gates_balance_is_shown(settings, database, house, tmp_path):
    with SmsAeroGate(tmp_path) as gate:
        sender = SmsAeroSender(make_settings(tmp_path, **gate.settings))
        browser = Browser(create_app(settings, database, lambda _: None, lambda: NOW, sender=sender))
        browser.sign_in(employ(database, house.organization_id, "owner"))
        page = browser.post(f"{AT}/check?lang=en", form_at=f"{AT}?lang=en")
    assert page.status_code == 200
    assert "337.03\N{NO-BREAK SPACE}₽ are left" in page.text
    assert lines_of(database) == [("sms.check", "teremok")]


def test_a_test_sms_goes_to_the_typed_number_and_nobody_elses_words_are_in_it(browser, sender, database):
    page = browser.post(f"{AT}/test?lang=en", form_at=f"{AT}?lang=en", phone="8 903 123-45-67")
    assert page.status_code == 200
    (sent,) = sender.sent
    assert sent.phone.e164 == "+79031234567"
    assert "000000" in sent.text
    assert "+79031234567" not in page.text
    assert lines_of(database) == [("sms.test", f"teremok {sent.phone.masked}")]


@pytest.mark.parametrize(
    ("error", "words"), [(BadCredentials(), "refuses the account"), (GateDown(False), "does not answer"), (NoMoney(), "is empty")]
)
def test_what_the_gate_says_is_said_in_words(browser, sender, error, words):
    sender.failures = [error]
    page = browser.post(f"{AT}/test?lang=en", form_at=f"{AT}?lang=en", phone="8 903 123-45-67")
    assert words in page.text
    assert 'class="note bad" role="status"' in page.text


@pytest.mark.parametrize("phone", ["", "12", "+49 151 23456789", "abc"])
def test_a_number_that_gets_no_sms_is_refused_at_its_field(browser, sender, phone):
    answer = browser.post(f"{AT}/test", form_at=AT, phone=phone)
    assert answer.status_code == 422
    assert 'id="phone-error"' in answer.text
    assert sender.sent == []


def test_the_sixth_test_of_an_hour_is_refused(browser, sender):
    answers = [browser.post(f"{AT}/test", form_at=AT, phone="8 903 123-45-67").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert len(sender.sent) == 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_warning_that_found_no_room_is_quoted_as_messages_say_it(language):
    say = translations(language).gettext
    warning = say("Code %(code)s. Tell nobody.").partition(". ")[2].rstrip(".").lower()
    assert warning in say("no room for “tell nobody”")
