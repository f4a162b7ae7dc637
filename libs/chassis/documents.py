"""A problem document as it is sent, and the request id it quotes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from libs.chassis.problems import BASE, MEDIA_TYPE, FieldError, detail_of, slug_of, title_of

REQUEST_ID = "virtubar.request_id"  # in the ASGI scope, put there by Edge


def request_id_of(scope: Scope) -> str:
    """The id this request goes by in logs and problems; the gateway's where it gave one."""
    found: str = scope.get(REQUEST_ID, "")
    return found


def response(
    error: BaseException,
    status: int,
    request_id: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    """The problem document of a Problem or a Refused. `errors` is a member only where there are any.

    `members` are the kind's own (RFC 9457, extension members).
    """
    body: dict[str, Any] = {
        "type": BASE + slug_of(type(error)),
        "title": title_of(type(error)),
        "status": status,
        "detail": detail_of(error),
        "request_id": request_id,
        **members,
    }
    if errors:
        body["errors"] = [each.model_dump() for each in errors]
    return JSONResponse(body, status, headers, MEDIA_TYPE)
