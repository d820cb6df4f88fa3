"""What the product counts, in the shape of the slow rules (`slow_report`)."""

from collections import Counter

from sqlalchemy.orm import Session

from portal.reporting import ledger
from portal.reporting.ledger import Asked
from portal.reporting.question import Question
from portal.reporting.steps import FUNNEL
from tests.support.slow_report import Bins, Cells


def fast_cells(session: Session, question: Question, asked: list[Asked]) -> Cells:
    """Every source and class of the days asked for."""
    found: dict[tuple[int, str], list[int]] = {}
    for cell in ledger.read(session, question, asked):
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
