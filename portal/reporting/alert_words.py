"""What an alert says, for the dashboard and for letters: each gives its own gettext and its own way to write days and shares."""

from collections.abc import Callable

from portal.reporting.alerts import Open

Words = tuple[str, str]


def told(one: Open, _: Callable[[str], str], day: Callable[[str], str], share: Callable[[int, int], str]) -> Words:
    """Title and text. `day` writes an ISO date, `share` a share of two counts."""
    facts, source = one.facts, one.source.label if one.source else ""
    if one.kind == "quiet":
        return (
            _("%(source)s brings nobody") % {"source": source},
            _("No visit since %(day)s, on %(days)s open days; before, about %(week)s in a week. Is the code still in its place?")
            % {"day": day(facts["since"]), "days": facts["days"], "week": f"{facts['a_week']:g}"},
        )
    if one.kind == "delivery":
        return (
            _("Fewer SMS arrive"),
            _("In the last day %(k)s of %(n)s arrived (%(share)s), in the four weeks before %(past)s. Look at the SMS account.")
            % {
                "k": facts["k"],
                "n": facts["n"],
                "share": share(facts["k"], facts["n"]),
                "past": share(facts["past_k"], facts["past_n"]),
            },
        )
    if one.kind == "budget":
        return (
            _("The budget of %(source)s is nearly spent") % {"source": source},
            _("%(spent)s of the %(plan)s roubles planned for this month.")
            % {"spent": f"{facts['spent'] / 100:.0f}", "plan": f"{facts['plan'] / 100:.0f}"},
        )
    if one.kind == "webhook":
        return (
            _("A webhook was stopped"),
            _("Its address took nothing. New members wait until you let it go on."),
        )
    return (
        _("Sums and visits disagree"),
        _("The nightly check found %(rows)s sums that differ from their visits; they were made anew.")
        % {"rows": facts.get("rows", "")},
    )
