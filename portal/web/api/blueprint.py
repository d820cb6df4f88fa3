"""The one blueprint of the API, and how a view is bound to an operation of the contract."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from portal.web.contract.answers import Answer
from portal.web.contract.operations import OPERATIONS
from portal.web.contract.questions import Refused, read
from portal.web.problems import problem

bp = Blueprint("api", __name__)
BOUND: set[str] = set()
View = Callable[..., Answer]


def answers(name: str) -> Callable[[View], View]:
    """Bind a view to the operation of this name: it gets the question, read, and what stands in the path."""
    operation = next(one for one in OPERATIONS if one.name == name)

    def bind(view: View) -> View:
        def answer(**path: Any) -> Response:
            given: Mapping[str, list[str]] = dict(request.args.lists())
            try:
                said = view(read(operation.query, given), **path)
            except Refused as refused:
                return problem(422, refused.errors)
            return Response(said.model_dump_json(), content_type="application/json")

        bp.get(operation.rule, endpoint=name)(answer)
        BOUND.add(name)
        return view

    return bind
