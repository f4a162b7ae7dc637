"""The gateway's own errors as problem documents, in the words the services use. A service's answer is never touched."""

from typing import Any, Final

from deploy.gateway.typed import Config, extension
from libs.chassis.problems import (
    BASE,
    MEDIA_TYPE,
    Forbidden,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
    detail_of,
    slug_of,
    title_of,
)

ROUTE_METADATA: Final = "virtubar"  # where a route says which limit it has,
RETRY_AFTER: Final = "retry_after"  # and how long that makes one wait


class RequestTimeout(Problem):
    """The request took too long to arrive."""

    status = 408


class HeadersTooLarge(Problem):
    """The headers are too large, or too many."""

    status = 431


class UpgradeRequired(Problem):
    """This path is for WebSockets."""

    status = 426


BY_STATUS: Final[dict[int, Problem]] = {
    400: Malformed("The request is not well-formed HTTP, or its path is not."),
    401: Unauthenticated(),
    403: Forbidden(),
    404: NotFound(),
    405: MethodNotAllowed(),
    408: RequestTimeout(),
    413: TooLarge(),
    426: UpgradeRequired(),
    429: RateLimited(),
    431: HeadersTooLarge(),
    500: Unavailable(),
    501: Malformed("A body comes with its length, or in chunks."),  # by another Transfer-Encoding
    502: Unavailable(),
    503: Unavailable(),
    504: Unavailable(),
}
OLD_VERSION: Final = "response.code_details == 'low_version'"
OF_THE_HEADER: Final = "%REQ(X-REQUEST-ID)%"
OF_THE_STREAM: Final = "%UNIQUE_ID%"
UNREAD: Final = {400, 431, 501}  # refused before the request has its id
NO_SOCKET: Final = "response.code_details == 'upgrade_failed'"  # Envoy says 403, before it looks for a route
NO_KEYS: Final = "response.code_details.contains('Jwks_remote_fetch')"  # not the caller's fault
NOT_PROVEN: Final = "response.code_details.startsWith('jwt_authn')"  # Envoy says 403 to a wrong audience


def local_replies() -> Config:
    """`local_reply_config`: the first mapper whose filter fits decides."""
    return {
        "mappers": [
            _mapper(_details(NO_SOCKET), NotFound()),
            _mapper(_details(NO_KEYS), Unavailable()),
            _mapper(_details(NOT_PROVEN), Unauthenticated()),
            _mapper(_details(OLD_VERSION), UpgradeRequired("HTTP/1.1 or later is spoken here."), OF_THE_STREAM),
            *(
                _mapper(_status(status), problem, OF_THE_STREAM if status in UNREAD else OF_THE_HEADER)
                for status, problem in BY_STATUS.items()
            ),
        ]
    }


def document(problem: Problem, request_id: str = OF_THE_HEADER) -> dict[str, Any]:
    """The body, as an Envoy JSON format."""
    return {
        "type": BASE + slug_of(type(problem)),
        "title": title_of(type(problem)),
        "status": problem.status,
        "detail": detail_of(problem),
        "request_id": request_id,
    }


def _mapper(fits: Config, problem: Problem, request_id: str = OF_THE_HEADER) -> Config:
    return {
        "filter": fits,
        "status_code": problem.status,
        "headers_to_add": [_header(name, value) for name, value in _headers(problem).items()],
        "body_format_override": {"json_format": document(problem, request_id), "content_type": MEDIA_TYPE},
    }


def _headers(problem: Problem) -> dict[str, str]:
    if isinstance(problem, RateLimited):
        return {"retry-after": f"%METADATA(ROUTE:{ROUTE_METADATA}:{RETRY_AFTER})%"}
    return {name: value for name, value in problem.headers.items() if name == "retry-after"}


def _header(name: str, value: str) -> Config:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _status(status: int) -> Config:
    value = {"default_value": status, "runtime_key": f"virtubar.status.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _details(expression: str) -> Config:
    cel = extension(
        "envoy.access_loggers.extension_filters.cel",
        "access_loggers.filters.cel.v3.ExpressionFilter",
        expression=expression,
    )
    return {"extension_filter": cel}
