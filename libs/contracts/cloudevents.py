"""CloudEvents 1.0 on Kafka, binary mode: the fact is the value, everything about it is in the headers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event
from libs.contracts.headers import NAME, SOURCE, STREAM, ContractError, Headers

__all__ = ["ContractError", "Envelope", "decode", "encode", "source_of"]

SCHEMA: Final = "https://virtubar.dev/schemas/{name}/{version}"
SEALED: Final = "$personal"  # the store's member for sealed personal fields; never leaves home
ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
BAD_FIT: Final = (ValidationError, LookupError, TypeError, ValueError, AttributeError)


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
        known = EVENTS.get(self.name)
        if known is None:
            raise ContractError(f"unknown event {self.name}")
        if self.schema_version > known.VERSION:
            raise ContractError(f"{self.name} v{self.schema_version} is from the future")
        try:
            return known.read(self.data, self.schema_version)
        except BAD_FIT as misfit:
            raise ContractError(f"{self.name} v{self.schema_version} does not fit: {_places(misfit)}") from None


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
        ("ce_time", envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("ce_dataschema", SCHEMA.format(name=envelope.name, version=envelope.schema_version).encode()),
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


def decode(value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> Envelope:
    """The envelope of a Kafka record. Raises ContractError, with the reason, for anything malformed.

    The name need not be known here (`Envelope.event` looks it up); headers that are not ours are ignored.
    """
    ours = Headers(headers)
    if ours.text("ce_specversion") != "1.0":
        raise ContractError("ce_specversion is not 1.0")
    name = ours.matching("ce_type", NAME)
    return Envelope(
        id=ours.uuid("ce_id"),
        name=name,
        source=ours.matching("ce_source", SOURCE),
        subject=ours.uuid("ce_subject"),
        time=ours.time("ce_time"),
        schema_version=ours.schema_version(SCHEMA.format(name=name, version="")),
        stream_id=ours.matching("ce_streamid", STREAM),
        stream_version=ours.number("ce_streamversion"),
        position=ours.number("ce_position"),
        correlation_id=ours.uuid("ce_correlationid") if "ce_correlationid" in ours else None,
        causation_id=ours.uuid("ce_causationid") if "ce_causationid" in ours else None,
        traceparent=ours.traceparent(),
        data=_data(value),
    )


def _publishable(name: str, data: dict[str, Any]) -> dict[str, Any]:
    event = EVENTS.get(name)
    personal = event.PERSONAL if event else frozenset()
    if not personal and SEALED not in data:
        return data
    return {field: content for field, content in data.items() if field not in personal and field != SEALED}


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


def _places(misfit: Exception) -> str:
    """Where it does not fit, never what stood there: reasons are logged."""
    if not isinstance(misfit, ValidationError):
        return type(misfit).__name__
    return ", ".join(".".join(map(str, e["loc"])) + f" ({e['type']})" for e in misfit.errors(include_input=False)[:5])
