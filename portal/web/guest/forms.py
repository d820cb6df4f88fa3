"""The guest's form: which fields and boxes a venue shows, what was typed, and what is wrong with it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from portal.consent.records import Box
from portal.core.phone import Phone, PhoneRefused, parse_phone
from portal.guests.grounds import kept_fields
from portal.venues.models import FIELD_NAMES, Venue
from portal.web.guest.shelf import BOX_KINDS, Front

LENGTHS = {"name": 100, "email": 200, "city": 80, "custom": 300}


@dataclass(frozen=True)
class Typed:
    """The form as it was typed, to be shown again unchanged."""

    phone: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    ticked: frozenset[str] = frozenset()
    documents: Mapping[str, str] = field(default_factory=dict)  # purpose -> id of the text that stood beside the box


@dataclass(frozen=True)
class Parsed:
    """The form, understood."""

    phone: Phone
    answers: dict[str, Any]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class ShownBox:
    """One box under the button: never ticked in advance, one document each."""

    purpose: str
    document_id: int
    document_url: str
    required: bool


def shown_fields(venue: Venue) -> list[tuple[str, str]]:
    """(name, "optional" or "required") of the fields that this venue asks for besides the phone."""
    return [(name, venue.fields[name]) for name in FIELD_NAMES if venue.fields.get(name) in ("optional", "required")]


def document_url(venue: Venue, kind: str, token: str) -> str:
    """The text in force, on a page that leads back to the form of this visit."""
    return f"/d/{venue.code}/{kind}/of/{token}"


def shown_boxes(front: Front, language: str, path: str, token: str = "") -> list[ShownBox]:
    """Boxes of the documents that are published. On the QR path the card is all there is to give, so it is required."""
    venue = front.venue
    with_email = venue.fields.get("email") in ("optional", "required")
    return [
        ShownBox(
            purpose, front.documents[kind, language][0], document_url(venue, kind, token), purpose == "card" and path == "qr"
        )
        for purpose, kind in BOX_KINDS.items()
        if (kind, language) in front.documents and (purpose != "advertising_email" or with_email)
    ]


def read_typed(form: Mapping[str, str]) -> Typed:
    """Everything that was typed, cut to sane lengths."""
    values = {name: form.get(name, "")[:400] for name in FIELD_NAMES}
    documents = {p: form[f"box_{p}"][:20] for p in BOX_KINDS if form.get(f"box_{p}")}
    return Typed(form.get("phone", "")[:100], values, frozenset(documents), documents)


def parse(front: Front, language: str, path: str, typed: Typed) -> tuple[Parsed | None, dict[str, str]]:
    """The parsed form, or None and what to do about each field, in the reader's language."""
    errors: dict[str, str] = {}
    phone = read_phone(front.venue, typed.phone, errors, path)
    kept = kept_fields(typed.ticked)  # what no ticked box lets us keep cannot be required
    answers = {
        name: _answer(name, typed.values.get(name, ""), errors, required=mode == "required" and name in kept)
        for name, mode in shown_fields(front.venue)
    }
    boxes = shown_boxes(front, language, path)
    for box in boxes:
        if box.purpose in typed.ticked and typed.documents.get(box.purpose) != str(box.document_id):
            errors[f"box_{box.purpose}"] = _("The text has changed since this page was opened. Read it and tick the box again.")
        elif box.required and box.purpose not in typed.ticked:
            errors[f"box_{box.purpose}"] = _(
                "The card is made only with your consent. Tick the box, or ask the staff about the offer."
            )
    if errors or phone is None:
        return None, errors
    taken = tuple(Box(b.purpose, b.document_id, f"signup:box:{b.purpose}") for b in boxes if b.purpose in typed.ticked)
    return Parsed(phone, {k: v for k, v in answers.items() if v}, taken), {}


def read_phone(venue: Venue, typed: str, errors: dict[str, str], path: str) -> Phone | None:
    """The number as people type it, or None and under `phone` what is wrong with it and the other route.

    A voucher is a route only where the venue gives them, and only to the internet: on other paths staff help as they can.
    """
    try:
        return parse_phone(typed, tuple(venue.regions), venue.regions[0] if venue.regions else "RU")
    except PhoneRefused as refused:
        wrong = {
            "empty": _("The number is missing. Enter your mobile number: the code will come to it."),
            "unreadable": _("This does not look like a phone number. Check the digits, for example 8 912 345-67-89."),
            "region": _("We cannot send a code to numbers of this country. Use another number."),
            "not_mobile": _("This number cannot receive SMS. Enter a mobile number."),
        }[refused.reason]
        if venue.vouchers and path == "wifi":
            other = _("If that does not help, ask the staff for a voucher: it opens the internet without SMS.")
        else:
            other = _("If that does not help, ask the staff.")
        errors["phone"] = f"{wrong} {other}"
        return None


def _answer(name: str, typed: str, errors: dict[str, str], *, required: bool) -> str:
    text = " ".join(
        "".join(c for c in unicodedata.normalize("NFC", typed) if unicodedata.category(c) not in ("Cc", "Cf")).split()
    )
    if not text:
        if required:
            errors[name] = _("Please fill in this field.")
        return ""
    if name == "birthday":
        return _birthday(text, errors)
    if len(text) > LENGTHS[name]:
        errors[name] = _("This is too long. Shorten it, please.")
    if name == "email":
        return _email(text, errors)
    return text


def _birthday(text: str, errors: dict[str, str]) -> str:
    for pattern in (text, "-".join(reversed(text.replace("/", ".").split(".")))):
        try:
            day = date.fromisoformat(pattern)
        except ValueError:
            continue
        if day.year >= 1900 and day < date.today():  # noqa: DTZ011 - a birthday has no time zone
            return day.isoformat()
    errors["birthday"] = _("Enter the date as day.month.year, for example 25.04.1990.")
    return ""


def _email(text: str, errors: dict[str, str]) -> str:
    try:
        return str(validate_email(text, check_deliverability=False).normalized)
    except EmailNotValidError:
        errors["email"] = _("Check the e-mail address, for example anna@example.ru.")
        return ""
