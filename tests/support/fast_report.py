"""What the product counts, in the shape of the slow rules (`slow_report`)."""

from collections import Counter
from datetime import datetime

from sqlalchemy.orm import Session

from portal.reporting import ledger
from portal.reporting.cells import Cell
from portal.reporting.ledger import Asked
from portal.reporting.question import Question
from portal.reporting.steps import FUNNEL
from tests.support.slow_report import Bins, Cells


def fast_cells(session: Session, question: Question, asked: list[Asked]) -> Cells:
    """Every source and class of the days asked for."""
    return _added_up(ledger.read(session, question, asked))


def fast_cells_by_age(session: Session, question: Question, asked: list[Asked], now: datetime) -> tuple[Cells, Cells]:
    """The same, and those of the visits that are younger than the window."""
    every, young = (_added_up(cells) for cells in ledger.read_by_age(session, question, asked, now))
    return every, {key: sums for key, sums in young.items() if any(sums)}


def _added_up(cells: list[Cell]) -> Cells:
    found: dict[tuple[int, str], list[int]] = {}
    for cell in cells:
        sums = found.setdefault((cell.source_id, cell.visitor_class), [0] * (2 + len(FUNNEL)))
        assert cell.visits == cell.counts.of("seen")
        for place, value in enumerate((cell.synthetic, cell.sms_kopecks, *cell.counts.values)):
            sums[place] += value
    return {key: tuple(sums) for key, sums in found.items()}


def fast_bins(session: Session, question: Question, asked: list[Asked]) -> Bins:
    """The same of its times."""
    found: Bins = {}
    for cell in ledger.read_times(session, question, asked):
        found.setdefault((cell.source_id, cell.visitor_class, cell.step), Counter())[cell.bin] += cell.visits
    return found
