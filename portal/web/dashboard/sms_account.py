"""The SMS account, tried from the screen: asked for its balance, and by a message to one's own phone.

The gate is asked by this process with no transaction open; it answers or is given up within seconds.
"""

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.core.limits import Limit, take
from portal.core.phone import Phone, PhoneRefused, parse_phone
from portal.core.tokens import random_id
from portal.sms import budgets, texts
from portal.sms.senders.base import OutgoingSms, SmsError
from portal.staff import journal
from portal.venues.models import Venue
from portal.web.dashboard import sms
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.limits import BudgetForm, TestSmsForm, stored_budget
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.sms import Trial
from portal.web.dashboard.words import roubles
from portal.web.parts import parts

WORDS = {
    "no_money": _l("The account is empty: top it up at smsaero.ru."),
    "bad_number": _l("The gate refuses this number: check it."),
    "bad_signature": _l("The sender's name is not registered with the gate: register it there, or set one that is."),
    "bad_credentials": _l("The gate refuses the account: check its e-mail and key in the settings of the server."),
    "refused": _l("The gate refused without a reason: ask its support."),
    "throttled": _l("The gate asks to wait: try again in a minute."),
    "gate_down": _l("The gate does not answer: check the network of the server, then the gate's own news."),
    "unknown_answer": _l("The gate gave no clear answer. The message may come all the same: wait before you send another."),
}
MOST_TESTS, TESTS_WINDOW = 5, timedelta(hours=1)
Answer = str | tuple[str, int]


@bp.post("/venues/<code>/sms/check")
@allow("owner")
def check_sms_account(code: str) -> Answer:
    """Whether the key is right, and the money left."""
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        refused = take(db, (_limit("check"),), parts().clock())
        journal.write(db, me(), "sms.check", venue.code, parts().clock())
    if refused:
        return _page(venue, Trial(TestSmsForm(formdata=None), _("Too many tries. Wait an hour."), well=False)), 429
    try:
        kopecks = parts().sender.balance()
    except SmsError as error:
        return _page(venue, Trial(TestSmsForm(formdata=None), str(WORDS[error.code]), well=False))
    said = (
        _("The account answers.") if kopecks is not None else _("SMS are only shown on the server's terminal: no account is set.")
    )
    left = _("%(money)s are left.", money=roubles(kopecks)) if kopecks is not None else ""
    return _page(venue, Trial(TestSmsForm(formdata=None), f"{said} {left}".strip()))


@bp.post("/venues/<code>/sms/test")
@allow("owner")
def send_test_sms(code: str) -> Answer:
    """One message to a number that was typed."""
    form = TestSmsForm()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        phone = _read(form, venue)
        if phone is None:
            return _shown(venue, Trial(form), budgets.state(db, venue, parts().clock())), 422
        refused = take(db, (_limit("test"),), parts().clock())
        if not refused:
            journal.write(db, me(), "sms.test", f"{venue.code} {phone.masked}", parts().clock())
    if refused:
        return _page(venue, Trial(form, _("Too many tries. Wait an hour."), well=False)), 429
    host = parts().settings.base_url.partition("://")[2]
    text = texts.compose(me().language, code=texts.SAMPLE_CODE, host=host).text
    try:
        answer = parts().sender.send(OutgoingSms(random_id(), phone, text, None))
    except SmsError as error:
        return _page(venue, Trial(form, str(WORDS[error.code]), well=False))
    cost = "" if answer.cost_kopecks is None else _("It cost %(money)s.", money=roubles(answer.cost_kopecks))
    taken = _("The gate took the message for %(phone)s. Look at the phone.", phone=phone.masked)
    return _page(venue, Trial(TestSmsForm(formdata=None), f"{taken} {cost}".strip()))


def _read(form: TestSmsForm, venue: Venue) -> Phone | None:
    if not form.validate():
        return None
    try:
        return parse_phone(form.phone.data, tuple(venue.regions), venue.regions[0])
    except PhoneRefused:
        form.phone.errors = [_("This is not a mobile number. Check every digit.")]
        return None


def _limit(what: str) -> Limit:
    return Limit("sms_trial", f"sms-trial:{what}:{me().id}", MOST_TESTS, TESTS_WINDOW)


def _page(venue: Venue, trial: Trial) -> str:
    with parts().database.reading() as db:
        state = budgets.state(db, venue, parts().clock())
    return _shown(venue, trial, state)


def _shown(venue: Venue, trial: Trial, state: budgets.State) -> str:
    return sms.page(BudgetForm(formdata=None, data=stored_budget(venue)), venue, state, trial)
