"""What a placement cost: a list with its sum, a form to add one, a question before one is removed."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.acquisition import costs
from portal.core.errors import PortalError
from portal.reporting.period import local_date
from portal.staff import journal
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.source import CostForm
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.source_words import REFUSALS
from portal.web.dashboard.sources import own_source
from portal.web.parts import parts


@bp.get("/sources/<code>/costs")
@allow("marketer")
def source_costs(code: str) -> str:
    """All costs of it, the newest first."""
    return _page(code, None)


@bp.post("/sources/<code>/costs")
@allow("marketer")
def add_cost(code: str) -> Response | tuple[str, int]:
    """Write one down."""
    form, now = CostForm(), parts().clock()
    try:
        if not form.validate():
            return _page(code, form), 422
        price = form.price()
    except PortalError as refused:
        return _page(code, form, refused.code), 422
    with parts().database.writing() as db:
        source, _venue = own_source(db, code)
        costs.add(db, source, price, now)
        journal.write(db, me(), "source.cost", source.code, now)
    flash(_("The cost is written down."))
    return redirect(url_for("dashboard.source_costs", code=code), 303)


@bp.post("/sources/<code>/costs/<int:cost_id>/remove")
@allow("marketer")
def remove_cost(code: str, cost_id: int) -> Response:
    """Take a wrong one back."""
    now = parts().clock()
    with parts().database.writing() as db:
        source, _venue = own_source(db, code)
        cost = costs.find(db, source, cost_id) if cost_id < 2**63 else None
        if cost is None:
            abort(404)
        costs.remove(db, cost)
        journal.write(db, me(), "source.uncost", source.code, now)
    flash(_("The cost is taken back."))
    return redirect(url_for("dashboard.source_costs", code=code), 303)


def _page(code: str, form: CostForm | None, refusal: str = "") -> str:
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
        rows = costs.of_source(db, source)
    form = form or CostForm(first_day=local_date(parts().clock(), venue.timezone))
    total = sum(row.kopecks * row.pieces for row in rows)
    return render_template(
        "dashboard/source_costs.html", source=source, venue=venue, rows=rows, total=total, form=form,
        refusal=REFUSALS[refusal] if refusal else "",
    )  # fmt: skip
