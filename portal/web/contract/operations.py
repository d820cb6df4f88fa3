"""The API's operations, each once: the views are bound to them and the document is made of them."""

from dataclasses import dataclass

from portal.core.i18n import marked
from portal.web.contract import answers, questions
from portal.web.contract.answers import Answer
from portal.web.contract.questions import Query

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Operation:
    """A GET. `path` as OpenAPI writes it, below PREFIX."""

    name: str
    path: str
    summary: str
    query: type[Query]
    answer: type[Answer]

    @property
    def rule(self) -> str:
        """The same as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")


_VENUE = "/venues/{venue}"
OPERATIONS = (
    Operation("venues", "/venues", marked("Venues in the token's scope."), questions.PageQuery, answers.VenuePage),
    Operation("venue", _VENUE, marked("One venue."), Query, answers.Venue),
    Operation("sources", f"{_VENUE}/sources", marked("Sources of a venue."), questions.PageQuery, answers.SourcePage),
    Operation("channels", f"{_VENUE}/channels", marked("Conversion per channel."), questions.ReportQuery, answers.Channels),
    Operation("series", f"{_VENUE}/series", marked("The funnel along time."), questions.SeriesQuery, answers.Series),
    Operation("funnel", f"{_VENUE}/funnel", marked("Every step of the visits asked for."), questions.ReportQuery, answers.Funnel),
    Operation("times", f"{_VENUE}/times", marked("How long each step takes."), questions.ReportQuery, answers.Times),
    Operation("stops", f"{_VENUE}/stops", marked("Where guests stop."), questions.ReportQuery, answers.Stops),
)
