"""From what was raised to what is sent: the one place where errors become HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from libs.chassis import problems
from libs.chassis.documents import request_id_of, response
from libs.chassis.problems import FieldError, Problem
from libs.eventstore.decider import Refused
from libs.eventstore.errors import IdempotencyInFlight, IdempotencyMismatch
from libs.eventstore.gone import PersonErased

Statuses = Mapping[type[Refused], int]

REFUSED = 409  # where a service names no other status
OURS: Statuses = {IdempotencyInFlight: 409, IdempotencyMismatch: 422, PersonErased: 401}
FRAMEWORK: Mapping[int, type[Problem]] = {
    400: problems.Malformed,
    401: problems.Unauthenticated,
    403: problems.Forbidden,
    404: problems.NotFound,
    405: problems.MethodNotAllowed,
    413: problems.TooLarge,
    415: problems.UnsupportedMediaType,
}


@dataclass(frozen=True, slots=True)
class Answers:
    """Exception handlers. `refusals` gives each Refused its status; a subclass inherits its parent's."""

    refusals: Statuses

    async def problem(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return response(error, error.status, request_id_of(request.scope), error.errors, error.headers)

    async def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        headers = None if error.retry_after is None else {"retry-after": str(error.retry_after)}
        status = status_of(type(error), self.refusals)
        return response(error, status, request_id_of(request.scope), headers=headers, members=error.members)

    async def http(self, request: Request, error: Exception) -> Response:
        """What Starlette and FastAPI raise themselves: no such path, no such method, a body that cannot be read."""
        assert isinstance(error, HTTPException)
        found = FRAMEWORK.get(error.status_code, problems.Internal)()
        found.headers.update(error.headers or {})
        return await self.problem(request, found)

    async def invalid(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return await self.problem(request, _invalid(error))


def status_of(refused: type[Refused], refusals: Statuses) -> int:
    """The status of a refusal, its own or its nearest parent's."""
    for cls in refused.__mro__:
        for statuses in (refusals, OURS):
            if cls in statuses:
                return statuses[cls]
    return REFUSED


def _invalid(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return problems.Malformed()
    if isinstance(error.body, bytes) and error.body:  # FastAPI leaves a body of another media type unparsed
        return problems.UnsupportedMediaType()
    return problems.Invalid(errors=[FieldError(pointer=_pointer(each["loc"]), detail=each["msg"]) for each in found])


def _pointer(where: Sequence[str | int]) -> str:
    """A JSON pointer into the request: `#/body/name`, `#/query/limit`."""
    return "#/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in where)
