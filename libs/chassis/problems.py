"""Every answer that is not the one asked for, as RFC 9457 problem documents: one drawn tree, mapped to HTTP once.

Problem                  an edge's own "no"; carries its status
├── Malformed 400        the body is no JSON
├── Unauthenticated 401  no token, or one that proves nothing
├── Forbidden 403        the token proves too little
├── NotFound 404         absent, or to be taken for absent
├── MethodNotAllowed 405
├── TooLarge 413
├── UnsupportedMediaType 415
├── Invalid 422          well-formed, but a member does not fit: says which
├── RateLimited 429      with Retry-After
├── Internal 500         a bug: the request id is in the log
└── Unavailable 503      something we lean on is away; with Retry-After

`Refused` (libs.eventstore.decider), the "no" of a decider, knows no HTTP: each service says which status its own have.
answers.py turns all of them, and what the framework raises, into responses.
"""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

BASE = "https://virtubar.dev/problems/"
MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One member that does not fit, and where: a JSON pointer into the body, or `#/query/limit` and the like."""

    pointer: str
    detail: str


class ProblemDocument(BaseModel):
    """What is sent; also the schema every endpoint documents."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=[BASE + "not_found"], description="stable; tell problems apart by this")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    request_id: str
    errors: list[FieldError] | None = Field(default=None, description="with 422 `invalid`: each member that is wrong")


def slug_of(cls: type[BaseException]) -> str:
    """`RoomFull` -> `room_full`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def title_of(cls: type[BaseException]) -> str:
    """`RoomFull` -> `Room full`."""
    return slug_of(cls).replace("_", " ").capitalize()


def detail_of(error: BaseException) -> str:
    """What was said when it was raised, else the first line of the class's docstring."""
    return str(error) or (type(error).__doc__ or title_of(type(error))).strip().splitlines()[0]


class Problem(Exception):
    """An edge's own "no". The class name is the slug, the docstring the detail unless one is given."""

    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.errors = errors
        self.headers = dict(headers or {})


class Malformed(Problem):
    """The body is not valid JSON."""

    status = 400


class Unauthenticated(Problem):
    """A valid access token is needed."""

    status = 401

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"www-authenticate": "Bearer"})


class Forbidden(Problem):
    """This token does not allow that."""

    status = 403


class NotFound(Problem):
    """There is no such thing."""

    status = 404


class MethodNotAllowed(Problem):
    """This path knows other methods: see Allow."""

    status = 405


class TooLarge(Problem):
    """The body is too large."""

    status = 413


class UnsupportedMediaType(Problem):
    """The body must be application/json."""

    status = 415


class Invalid(Problem):
    """Some members do not fit."""

    status = 422


class Internal(Problem):
    """Something went wrong here. Quote the request id when you report it."""

    status = 500


class _Later(Problem):
    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"retry-after": str(max(1, retry_after))})


class RateLimited(_Later):
    """Too many requests; slow down."""

    status = 429


class Unavailable(_Later):
    """Not possible right now; try again soon."""

    status = 503
