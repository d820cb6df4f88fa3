"""Which answers of the form each consent lets the operator keep; the privacy policy (5, 6) promises the same to the guest."""

from collections.abc import Iterable

from portal.venues.models import FIELD_NAMES

KEPT_FIELDS = {
    "card": frozenset(FIELD_NAMES),
    "advertising_sms": frozenset({"name"}),
    "advertising_email": frozenset({"name", "email"}),
}
GUEST_PURPOSES = frozenset(KEPT_FIELDS)  # each alone is a ground to keep a Guest


def kept_fields(purposes: Iterable[str]) -> frozenset[str]:
    """Names of the fields that may be kept with these consents: none without any."""
    return frozenset[str]().union(*(KEPT_FIELDS.get(purpose, frozenset()) for purpose in purposes))
