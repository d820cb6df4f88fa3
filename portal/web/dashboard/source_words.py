"""The words for placements: what was done with them, costs, formats of paper, and what a sheet says."""

from flask_babel import lazy_gettext as _l

from portal.reporting.words import COSTS
from portal.web.dashboard.blueprint import bp

EVENTS = {
    "created": _l("made"),
    "renamed": _l("renamed"),
    "paused": _l("paused"),
    "resumed": _l("no longer paused"),
    "repointed": _l("pointed elsewhere"),
    "merged": _l("merged"),
    "parted": _l("parted"),
    "retired": _l("retired"),
    "reactivated": _l("put back to use"),
}
COST_KINDS = {kind: _l(said) for kind, said in COSTS.items()}
PAPERS = {
    "tent": _l("Table tent, A6"),
    "tent_folded": _l("Folding table tent, 90 × 95 mm a side"),
    "sticker": _l("Sticker, 60 × 60 mm"),
    "sticker_small": _l("Small sticker, 40 × 40 mm"),
    "delivery": _l("Delivery sticker, 90 × 60 mm"),
    "badge": _l("Badge, 86 × 54 mm"),
    "receipt58": _l("Receipt, 58 mm roll"),
    "receipt80": _l("Receipt, 80 mm roll"),
    "poster_a4": _l("Poster, A4"),
    "poster_a3": _l("Poster, A3"),
}
PRINT_MODES = {
    "a4": _l("A4, to cut apart"),
    "shop": _l("print shop: bleed, marks"),
    "single": _l("one a page"),
}
WHYS = {
    "table_tent": _l("Get the guest card while you wait"),
    "receipt": _l("Come back with the guest card"),
    "delivery_sticker": _l("Order again with the guest card"),
    "wifi": _l("Free Wi-Fi: scan to go online"),
    "checkout": _l("Get the guest card before you pay"),
    "menu": _l("Get the guest card while you choose"),
    "packaging": _l("Come back with the guest card"),
    "staff_badge": _l("Scan to get the guest card"),
}
WHY = _l("Your guest card: scan to get it")
REFUSALS = {
    "merged": _l("It is merged. Part them first."),
    "points_to_itself": _l("A source cannot point to itself. Choose another one."),
    "points_in_a_circle": _l("That one leads back here. Choose one that does not."),
    "other_venue": _l("Sources of two venues cannot be merged: a report is of one venue. Point to it instead."),
    "unknown_source": _l("There is no such source. Choose one of the list."),
    "bad_pattern": _l("Write {n} once, where the number goes: “Table {n}”."),
    "bad_numbers": _l("The last number must not be smaller than the first."),
    "too_many": _l("At most 200 at once. Make the others in a second batch."),
    "label_taken": _l("One of these names is in use already. Choose other numbers or another name."),
    "bad_label": _l("The names become too long: at most 120 characters."),
    "bad_period": _l("The last day must not be before the first, nor more than five years after it."),
    "bad_amount": _l("This is more than a milliard roubles in all."),
    "link_too_long": _l("The link is so long that the code's modules would be below 0.4 mm. Choose a larger format."),
}

ACTIONS = {
    "source.create": _l("made a source"),
    "source.edit": _l("changed a source"),
    "source.retire": _l("retired a source"),
    "source.reactivate": _l("put a source back to use"),
    "source.pause": _l("paused a source"),
    "source.resume": _l("ended the pause of a source"),
    "source.point": _l("pointed a printed code elsewhere"),
    "source.merge": _l("merged a source into another"),
    "source.part": _l("parted a merged source"),
    "source.batch": _l("made numbered sources"),
    "source.cost": _l("wrote a cost down"),
    "source.uncost": _l("took a cost back"),
    "source.print": _l("took sheets to print"),
    "source.line": _l("changed why to scan"),
}

bp.context_processor(lambda: {"EVENTS": EVENTS, "COST_KINDS": COST_KINDS, "PAPERS": PAPERS, "PRINT_MODES": PRINT_MODES})
