"""Words about logins: what the journal says was done, why a password is not taken, what a browser is called."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.web.dashboard.blueprint import bp

ACTIONS = {
    "person.invite": _l("invited a colleague"),
    "person.resend": _l("sent a link by e-mail"),
    "person.edit": _l("changed a colleague's role or venues"),
    "person.close": _l("closed a login"),
    "person.reopen": _l("opened a login again"),
    "person.second_factor": _l("took the second factor off a login"),
    "person.sign_out": _l("signed a colleague's browser out"),
    "account.edit": _l("changed their own login"),
    "account.password": _l("set a new password"),
    "account.begin": _l("began with a link by e-mail"),
    "second_factor.on": _l("set the second factor up"),
    "second_factor.off": _l("switched the second factor off"),
    "second_factor.codes": _l("made new recovery codes"),
    "second_factor.recovery": _l("signed in with a recovery code"),
    "session.revoke": _l("signed a browser of their own out"),
    "journal.export": _l("downloaded the journal"),
    "brand.edit": _l("changed colour or offer"),
    "brand.logo": _l("changed the logo"),
    "sms.check": _l("checked the SMS account"),
    "sms.test": _l("sent a test SMS"),
}
PASSWORD_REFUSALS = {
    "short": _l("At least 10 characters."),
    "long": _l("At most 200 characters."),
    "personal": _l("It is little more than your name or login: that is tried first."),
    "simple": _l("This is tried first. Take three or four words that have nothing to do with one another."),
}
# In this order: most browsers also call themselves by the names below them.
_BROWSERS = (
    ("YaBrowser/", _l("Yandex Browser")), ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_name(user_agent: str) -> str:
    """ "Chrome, Android" instead of a line that only programs read."""
    names = [next((str(name) for mark, name in table if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in names if name) or str(_("unknown browser"))


bp.add_app_template_filter(browser_name)
