"""The OpenAPI 3.1 document, made of the operations and of the classes that read questions and write answers."""

from typing import Any

from pydantic.json_schema import models_json_schema

from portal.core.i18n import marked
from portal.web.contract.answers import Problem
from portal.web.contract.operations import OPERATIONS, PREFIX, Operation
from portal.web.contract.questions import CODE

_REF = "#/components/schemas/{model}"
PROBLEMS = {
    "401": "No token, or one that is unknown or revoked.",
    "404": "No such venue in the token's scope.",
    "422": "A parameter that cannot be taken; `errors` says which and why.",
    "429": "Too many questions; Retry-After says when to ask again.",
}
_RETRY = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "required": True, "description": "Seconds."}}
_WHO = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}


def document(base_url: str) -> dict[str, Any]:
    """The whole document, as JSON."""
    answers = {operation.answer for operation in OPERATIONS} | {Problem}
    ordered = sorted(answers, key=lambda one: one.__name__)
    _names, schemas = models_json_schema([(one, "serialization") for one in ordered], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vestibule",
            "version": "1",
            "description": "Read-only numbers of conversion per channel. No phone and no name of a guest is in any answer.",
        },
        "servers": [{"url": base_url + PREFIX}],
        "security": [{"token": []}],
        "paths": {operation.path: {"get": _get(operation)} for operation in OPERATIONS},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Made in the dashboard."}},
        },
    }


def parameters(operation: Operation) -> list[dict[str, Any]]:
    """Those of the path, then those of the query."""
    schema = operation.query.model_json_schema()
    path = [_named_in_path()] if "{venue}" in operation.path else []
    return [*path, *(_in_query(name, one) for name, one in schema.get("properties", {}).items())]


def _get(operation: Operation) -> dict[str, Any]:
    answer = {"$ref": _REF.format(model=operation.answer.__name__)}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters(operation),
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": answer}}},
            **{status: _problem(status, said) for status, said in PROBLEMS.items() if _can_be(status, operation)},
        },
    }


def _can_be(status: str, operation: Operation) -> bool:
    return status != "404" or "{venue}" in operation.path


def _problem(status: str, said: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    headers = {"401": _WHO, "429": _RETRY}.get(status)
    return {"description": said, "content": content, **({"headers": headers} if headers else {})}


def _named_in_path() -> dict[str, Any]:
    schema = {"type": "string", "pattern": CODE}
    return {"name": "venue", "in": "path", "required": True, "description": marked("Code of a venue."), "schema": schema}


def _in_query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """`null` is how Python says "not given": a query says it by leaving the parameter out."""
    said = dict(schema)
    told = said.pop("description", "")
    said.pop("title", None)
    real = [one for one in said.pop("anyOf", []) if one != {"type": "null"}]
    said |= real[0] if real else {}
    if said.get("default", 0) is None:
        del said["default"]
    return {"name": name, "in": "query", "required": False, "description": told, "schema": said}
