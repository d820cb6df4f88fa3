"""What a sheet says: whose it is, why to scan, where to point the camera, the link as people read it."""

from collections.abc import Mapping

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.acquisition.models import Source
from portal.venues.models import Venue
from portal.web import colour
from portal.web.dashboard.paper.drawing import Colours, Words
from portal.web.dashboard.source_words import WHY, WHYS
from portal.web.parts import parts


def words(source: Source, venue: Venue, lines: Mapping[tuple[str, str], str], language: str, *, with_label: bool) -> Words:
    """The words of a placement's sheets in a language; `lines` are the venue's own (`sheet_lines.of_venue`)."""
    url = link(source)
    with force_locale(language):
        told = source.kind == "wifi" and venue.adult_notice
        call = _("Children use this Wi-Fi together with an adult.") if told else _("Point the camera of your phone here")
    return Words(
        name=venue.name,
        why=lines.get((source.kind, language)) or default_why(source.kind, venue, language),
        call=call,
        url=url,
        link=url.split("://", 1)[1],
        label=source.label if with_label else "",
    )


def default_why(kind: str, venue: Venue, language: str) -> str:
    """Why to scan where the venue has written no line for the kind: what the guest gets, or a sentence that suits the kind."""
    offer = {"ru": venue.offer_ru, "en": venue.offer_en}[language]
    with force_locale(language):
        return offer or str(WHYS.get(kind, WHY))


def colours(venue: Venue) -> Colours:
    """The venue's accent, as dark as print on white needs it."""
    light = colour.palette(venue.accent)[0]
    return Colours(light.accent, light.on_accent)


def link(source: Source) -> str:
    """What the code holds."""
    return f"{parts().settings.base_url}/s/{source.code}"
