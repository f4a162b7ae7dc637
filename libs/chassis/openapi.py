"""The OpenAPI document: every answer an endpoint can give is in it, the problems too."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.routing import compile_path

from libs.chassis.answers import OURS, Statuses, status_of
from libs.chassis.problems import MEDIA_TYPE, ProblemDocument, slug_of
from libs.eventstore.decider import Refused
from libs.eventstore.errors import IdempotencyInFlight, IdempotencyMismatch
from libs.eventstore.gone import PersonErased

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
SCHEMA = "#/components/schemas/Problem"
SAID = {
    400: "malformed: the body is no JSON",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    413: "too_large",
    415: "unsupported_media_type: the body must be application/json",
    422: "invalid: `errors` says which members",
    429: "rate_limited: see Retry-After",
    500: "internal",
    503: "unavailable: see Retry-After",
}
Document = dict[str, Any]


def refuses(refusals: Statuses, *kinds: type[Refused]) -> dict[int | str, Document]:
    """For a route's `responses`: what it may be refused with. `responses=refuses(REFUSALS, RoomFull, RoomClosed)`."""
    found: dict[int | str, Document] = {}
    for kind in kinds:
        said = f"{slug_of(kind)}: {(kind.__doc__ or slug_of(kind)).strip().splitlines()[0]}"
        status = status_of(kind, refusals)
        found[status] = {"description": f"{found[status]['description']} · {said}" if status in found else said}
    return found


def besides(responses: dict[int | str, Document], status: int, **members: type[BaseModel]) -> dict[int | str, Document]:
    """The same `responses`, where the problem with this status may have members of its own."""
    own = {name: model.model_json_schema() for name, model in members.items()}
    schema = {"allOf": [{"$ref": SCHEMA}, {"type": "object", "properties": own}]}
    return responses | {status: responses[status] | {"content": {MEDIA_TYPE: {"schema": schema}}}}


def with_problems(document: Document) -> Document:
    """Document the problems every operation shares, and give each error answer the problem schema. In place."""
    for path in document.get("paths", {}).values():
        for method, operation in path.items():
            if method in METHODS:
                _answers(operation)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    return document


def _answers(operation: Document) -> None:
    answers = operation.setdefault("responses", {})
    answers.get("422", {}).pop("content", None)
    for status in _shared(operation):
        _say(answers, status, SAID[status])
    for refused, answer in refuses(OURS, *_kinds(operation)).items():
        _say(answers, refused, answer["description"])
    for status, known in answers.items():
        if status.isdecimal() and int(status) >= 400:
            known.setdefault("content", {MEDIA_TYPE: {"schema": {"$ref": SCHEMA}}})
    operation["responses"] = dict(sorted(answers.items()))


def _say(answers: Document, status: int | str, said: str) -> None:
    known = answers.setdefault(str(status), {})
    if known.get("description") in (None, "", "Validation Error"):
        known["description"] = said
    elif said not in known["description"]:
        known["description"] += " · " + said


def _kinds(operation: Document) -> list[type[Refused]]:
    """What the event store refuses, whatever the service."""
    keyed = any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ()))
    return [PersonErased] * bool(operation.get("security")) + [IdempotencyInFlight, IdempotencyMismatch] * keyed


def _shared(operation: Document) -> set[int]:
    shared = {429, 500, 503}
    if operation.get("security"):
        shared |= {401, 403}
    if operation.get("parameters"):
        shared |= {422}
    if any(each["in"] == "path" for each in operation.get("parameters", ())):
        shared |= {404}
    if "requestBody" in operation:
        shared |= {400, 413, 415, 422}
    return shared


class Allowed:
    """Which methods a path knows. (The router itself names only those of the first route that matches.)"""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths = [
            (compile_path(path)[0], sorted(method.upper() for method in operations if method in METHODS))
            for path, operations in document.get("paths", {}).items()
        ]

    def on(self, path: str) -> list[str]:
        """`["GET", "PATCH"]`; empty for a path that is not in the document."""
        found = {method for pattern, methods in self._paths if pattern.match(path) for method in methods}
        return sorted(found)
