"""CloudEvents 1.0 on Kafka, binary mode: the fact is the value, everything about it is in the headers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event

SCHEMA: Final = "https://virtubar.dev/schemas/{name}/{version}"
SEALED: Final = (
    "$personal"  # the store's member for sealed personal fields; never leaves home
)

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
SOURCE = re.compile(r"/virtubar/[a-z0-9][a-z0-9-]{0,62}/[a-z]{1,32}/[0-9]{1,9}")
STREAM = re.compile(r"[a-z]{1,32}(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}){1,2}")
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class ContractError(Exception):
    """A record that is not an event of ours; `str(error)` says why. Retrying will not help."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event on its way: the fact (`data`, JSON types, without personal fields) and what is known about it."""

    id: UUID
    name: str
    source: str  # see source_of
    subject: UUID
    time: datetime  # aware; when the command was taken
    schema_version: int
    stream_id: str
    stream_version: int
    position: int  # in the producer's log; only grows within one source
    correlation_id: UUID | None
    causation_id: UUID | None
    traceparent: str | None
    data: dict[str, Any]

    @property
    def key(self) -> bytes:
        """The Kafka key: one subject's events stay in order inside a topic."""
        return str(self.subject).encode()

    def event(self) -> Event:
        """The fact as its class. Raises ContractError for an unknown name or version or data that does not fit."""
        try:
            return EVENTS[self.name].read(self.data, self.schema_version)
        except KeyError:
            raise ContractError(f"unknown event {self.name}") from None
        except LookupError as future:
            raise ContractError(str(future)) from None
        except (ValidationError, TypeError, ValueError, AttributeError) as misfit:
            raise ContractError(
                f"{self.name} v{self.schema_version} does not fit: {_places(misfit)}"
            ) from None


def source_of(cell: str, service: str, timeline: int) -> str:
    """Who tells: a service of one cell, on one timeline (raised after a restore, when positions are used again)."""
    return f"/virtubar/{cell}/{service}/{timeline}"


def encode(envelope: Envelope) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The Kafka value and headers. Personal fields, sealed or open, are dropped here whoever left them in."""
    headers = [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", str(envelope.id).encode()),
        ("ce_type", envelope.name.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_subject", str(envelope.subject).encode()),
        (
            "ce_time",
            envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode(),
        ),
        (
            "ce_dataschema",
            SCHEMA.format(name=envelope.name, version=envelope.schema_version).encode(),
        ),
        ("ce_streamid", envelope.stream_id.encode()),
        ("ce_streamversion", b"%d" % envelope.stream_version),
        ("ce_position", b"%d" % envelope.position),
    ]
    if envelope.correlation_id is not None:
        headers.append(("ce_correlationid", str(envelope.correlation_id).encode()))
    if envelope.causation_id is not None:
        headers.append(("ce_causationid", str(envelope.causation_id).encode()))
    if envelope.traceparent is not None:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return orjson.dumps(_publishable(envelope.name, envelope.data)), headers


def decode(
    value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
) -> Envelope:
    """The envelope of a Kafka record. Raises ContractError, with the reason, for anything malformed.

    The name need not be known here (`Envelope.event` looks it up); headers that are not ours are ignored.
    A malformed traceparent is dropped: no event is refused over its telemetry.
    """
    ours = _headers(headers)
    if ours.get("ce_specversion") != "1.0":
        raise ContractError("ce_specversion is not 1.0")
    name = _matching(ours, "ce_type", NAME)
    traceparent = ours.get("traceparent")
    return Envelope(
        id=_uuid(ours, "ce_id"),
        name=name,
        source=_matching(ours, "ce_source", SOURCE),
        subject=_uuid(ours, "ce_subject"),
        time=_time(ours, "ce_time"),
        schema_version=_schema_version(name, _text(ours, "ce_dataschema")),
        stream_id=_matching(ours, "ce_streamid", STREAM),
        stream_version=_number(ours, "ce_streamversion"),
        position=_number(ours, "ce_position"),
        correlation_id=_uuid(ours, "ce_correlationid")
        if "ce_correlationid" in ours
        else None,
        causation_id=_uuid(ours, "ce_causationid")
        if "ce_causationid" in ours
        else None,
        traceparent=traceparent
        if traceparent and TRACEPARENT.fullmatch(traceparent)
        else None,
        data=_data(value),
    )


def _publishable(name: str, data: dict[str, Any]) -> dict[str, Any]:
    event = EVENTS.get(name)
    personal = event.PERSONAL if event else frozenset()
    if not personal and SEALED not in data:
        return data
    return {
        field: content
        for field, content in data.items()
        if field not in personal and field != SEALED
    }


def _places(misfit: Exception) -> str:
    """Where it does not fit, never what stood there: reasons are logged."""
    if not isinstance(misfit, ValidationError):
        return type(misfit).__name__
    return ", ".join(
        ".".join(map(str, e["loc"])) + f" ({e['type']})"
        for e in misfit.errors(include_input=False)[:5]
    )


def _headers(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    ours: dict[str, str] = {}
    for name, value in headers:
        if not name.startswith("ce_") and name != "traceparent":
            continue
        if name in ours:
            raise ContractError(f"{name} is there twice")
        try:
            ours[name] = (value or b"").decode()
        except UnicodeDecodeError:
            raise ContractError(f"{name} is not UTF-8") from None
    return ours


def _data(value: bytes | None) -> dict[str, Any]:
    if value is None:
        raise ContractError("no value")
    try:
        data = orjson.loads(value)
    except ValueError:
        raise ContractError("the value is not JSON") from None
    if not isinstance(data, dict):
        raise ContractError("the value is not a JSON object")
    if ESCAPED_NUL.search(value):
        raise ContractError("the value holds a NUL, which no table can")
    return data


def _text(ours: Mapping[str, str], name: str) -> str:
    if name not in ours:
        raise ContractError(f"{name} is missing")
    return ours[name]


def _matching(ours: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    text = _text(ours, name)
    if not pattern.fullmatch(text):
        raise ContractError(f"{name} is malformed")
    return text


def _number(ours: Mapping[str, str], name: str) -> int:
    return int(_matching(ours, name, NUMBER))


def _uuid(ours: Mapping[str, str], name: str) -> UUID:
    text = _text(ours, name)
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text:
        raise ContractError(f"{name} is not a UUID")
    return found


def _time(ours: Mapping[str, str], name: str) -> datetime:
    try:
        time = datetime.fromisoformat(_text(ours, name))
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ContractError(f"{name} is not an RFC 3339 time")


def _schema_version(name: str, schema: str) -> int:
    prefix = SCHEMA.format(name=name, version="")
    version = schema.removeprefix(prefix)
    if not schema.startswith(prefix) or not re.fullmatch(r"[1-9][0-9]{0,3}", version):
        raise ContractError("ce_dataschema is not of this event")
    return int(version)
