"""The route table (routes.yaml), read and checked: which paths there are, whose they are, and what each demands."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from libs.contracts.vocabulary import Service

FILE: Final = Path(__file__).with_name("routes.yaml")
ROUTE: Final = re.compile(r"(?P<methods>[A-Z]+(\|[A-Z]+)*) (?P<path>(/([a-z0-9._-]+|\{[a-z_]+\}))+)")

Access = Literal["open", "bearer"]
Positive = Annotated[int, Field(ge=1)]


class Part(BaseModel):
    """A misspelt key in the table is an error, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(Part):
    """A token bucket per client address: `burst` at once, then `tokens` every `seconds`."""

    burst: Positive
    tokens: Positive
    seconds: Positive


class Route(Part):
    """Some methods of one path, and the service that answers."""

    service: Service
    methods: tuple[str, ...]
    path: str
    access: Access
    limit: str
    body: Positive  # bytes
    timeout: Positive  # seconds


class Jwks(Part):
    """Where the public keys of access tokens are, and how often to look, in seconds."""

    service: Service
    path: str
    refresh: Positive


class Realtime(Part):
    """Sockets: `idle` is after how many silent seconds the gateway gives one up."""

    path: str
    limit: str
    idle: Positive


class Document(Part):
    """A file the gateway answers with; `file` is relative to the table."""

    path: str
    file: Path
    media_type: str


def _routes(by_service: Any, defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_route(service, entry, defaults) for service, entries in by_service.items() for entry in entries]


def _route(service: str, entry: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    found = ROUTE.fullmatch(str(entry.get("route", "")))
    if not found:
        raise ValueError(f"{service}: {entry.get('route')!r} is not METHOD[|METHOD] /path/{{parameter}}")
    rest = {key: value for key, value in entry.items() if key != "route"}
    return {
        **defaults,
        **rest,
        "service": service,
        "methods": tuple(found["methods"].split("|")),
        "path": found["path"],
    }


class Table(Part):
    """The whole table; `routes` are in the order in which they are to be tried."""

    jwks: Jwks
    limits: Mapping[str, Limit]
    realtime: Realtime
    documents: Sequence[Document]
    routes: Annotated[tuple[Route, ...], BeforeValidator(tuple)]

    @model_validator(mode="after")
    def _holds_together(self) -> "Table":
        unknown = {self.realtime.limit, *(route.limit for route in self.routes)} - self.limits.keys()
        if unknown or "default" not in self.limits:
            raise ValueError(f"limits that are not there: {sorted(unknown) or 'default'}")
        names = [(method, shape(route.path)) for route in self.routes for method in route.methods]
        twice = sorted({f"{method} {path}" for method, path in names if names.count((method, path)) > 1})
        if twice:
            raise ValueError(f"routes that are there twice: {twice}")
        return self

    def paths(self) -> dict[str, list[Route]]:
        """The routes of each path, in the order in which paths are to be tried."""
        by_path: dict[str, list[Route]] = {}
        for route in self.routes:
            by_path.setdefault(route.path, []).append(route)
        return by_path


def shape(path: str) -> str:
    """The path with its parameters nameless: two paths of one shape match the same requests."""
    return re.sub(r"\{[a-z_]+\}", "{}", path)


def read(text: str) -> Table:
    """The table from its YAML. Raises ValueError (pydantic's, where a member does not fit)."""
    content = yaml.safe_load(text)
    defaults = content.pop("defaults")
    routes = sorted(_routes(content.pop("routes"), defaults), key=lambda route: _literal_first(route["path"]))
    return Table.model_validate({**content, "routes": routes})


def load(path: Path = FILE) -> Table:
    """The table of the repository."""
    return read(path.read_text())


def _literal_first(path: str) -> list[tuple[bool, str]]:
    return [(segment.startswith("{"), segment) for segment in path.split("/")]
