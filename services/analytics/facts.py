"""From a Kafka record to a fact: what happened, checked against its contract, and everyone it names."""

import re
from collections.abc import Sequence, Set
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

import orjson

from libs.contracts.catalogue import EVENTS, USER_STREAMS
from libs.contracts.cloudevents import SCHEMA, ContractError, decode
from libs.contracts.event import Event

UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
EACH_UUID: Final = re.compile(UUID)
NUMBER: Final = "(?:0|[1-9][0-9]{0,17})"
ALWAYS: Final = {
    "ce_specversion": r"1\.0",
    "ce_id": f"(?P<id>{UUID})",
    "ce_type": "(?P<name>[a-z][a-z0-9_]{0,63})",
    "ce_source": "(?P<source>/virtubar/[a-z0-9][a-z0-9-]{0,62}/[a-z]{1,32}/[0-9]{1,9})",
    "ce_subject": f"(?P<subject>{UUID})",
    "ce_time": r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{6})?Z)",
    "ce_dataschema": re.escape(SCHEMA.partition("{")[0]) + "(?P=name)/(?P<version>[1-9][0-9]{0,3})",
    "ce_streamid": f"(?P<stream>[a-z]{{1,32}}(?:-{UUID}){{1,2}})",
    "ce_streamversion": f"(?P<nth>{NUMBER})",
    "ce_position": f"(?P<position>{NUMBER})",
}
SOMETIMES: Final = {
    "ce_correlationid": UUID,
    "ce_causationid": UUID,
    "traceparent": "(?P<trace>[ -~]*)",
    "content-type": "[ -~]*",
}
GROUPS: Final = ("id", "name", "source", "subject", "time", "version", "stream", "nth", "position", "trace")
NUL: Final = rb"\u0000"
SAMPLED: Final = re.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][13579bdf]")
FAULTS: Final = (LookupError, ValueError, TypeError, AttributeError, re.error)


class Record(Protocol):
    """What is used of aiokafka's ConsumerRecord."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Fact(NamedTuple):
    """One event at its place in Kafka. `users` are the people in it, wherever they are named, as lower-case UUIDs."""

    event_id: str
    name: str
    schema_version: int
    occurred_at: datetime  # UTC
    source: str
    position: int
    partition: int
    offset: int
    stream_id: str
    stream_version: int
    subject: str
    data: str  # JSON, see contents_of
    users: Set[str]
    traceparent: str | None  # where the event's trace is sampled


def fact_of(record: Record) -> Fact:
    """Raises ContractError, with the reason, for whatever is not an event that belongs in the record's topic."""
    try:
        return _faultless(record)
    except FAULTS:
        return _doubtful(record)


def contents_of(event: Event, stream_id: str) -> tuple[str, str, Set[str]]:
    """What the lake keeps of an event as JSON, its subject, and everyone it names.

    The data has the contract's current shape and every field that everybody may know; a field that the contract does
    not know yet is left out, for it could hold a person's id. Whose ids are where, the contract's marks say, and the
    kinds of streams that are people's. Raises TypeError for an integer that no column can hold.
    """
    data = event.model_dump(mode="json", exclude=set(event.PERSONAL))
    users = {user for field in event.USERS if (user := data[field]) is not None}
    kind, _, rest = stream_id.partition("-")
    if kind in USER_STREAMS and rest not in users:
        users.update(EACH_UUID.findall(rest))
    subject: str = data[event.subject_field if len(event.SUBJECT) > 1 else event.SUBJECT[0]]
    return orjson.dumps(data).decode(), subject, users


@lru_cache(maxsize=256)
def faultless(names: tuple[str, ...]) -> re.Pattern[str]:
    """The pattern of a record without a fault that has these headers: their values, a line each.

    One pattern costs a tenth of `decode`, which says what is wrong. Raises one of FAULTS for headers that are not
    those the relay writes, each once.
    """
    lines = ALWAYS | SOMETIMES
    if len(set(names)) < len(names) or not ALWAYS.keys() <= set(names):
        raise ValueError
    there = [lines[name] for name in names]
    return re.compile("\n".join(there) + ("" if "traceparent" in names else "(?P<trace>)"))


def _faultless(record: Record) -> Fact:
    """The fact, provided that nothing is unusual about the record; raises one of FAULTS otherwise."""
    value = record.value or b""
    names, values = zip(*record.headers, strict=True)
    found = faultless(names).fullmatch(b"\n".join(values).decode("ascii"))
    data = orjson.loads(value)
    if found is None or type(data) is not dict or NUL in value:
        raise ValueError
    event_id, name, source, subject, time, version, stream_id, nth, position, trace = found.group(*GROUPS)
    event = EVENTS[name].read(data, int(version))
    at = datetime.fromisoformat(time)
    return _fact(record, event, event_id, at, source, int(position), stream_id, int(nth), subject, trace)


def _doubtful(record: Record) -> Fact:
    """The fact after all, or a ContractError that says what is wrong."""
    told = decode(record.value, record.headers)
    event, at, trace = told.event(), told.time.astimezone(UTC), told.traceparent or ""
    stream, subject = (told.stream_id, told.stream_version), str(told.subject)
    try:
        return _fact(record, event, str(told.id), at, told.source, told.position, *stream, subject, trace)
    except FAULTS as fault:
        raise ContractError(str(fault)) from None


def _fact(
    record: Record,
    event: Event,
    event_id: str,
    at: datetime,
    source: str,
    position: int,
    stream_id: str,
    stream_version: int,
    subject: str,
    traceparent: str,
) -> Fact:
    if record.topic != event.NAME:
        raise ValueError(f"a {event.NAME} in the topic {record.topic}")
    data, about, users = contents_of(event, stream_id)
    if subject != about:
        raise ValueError("ce_subject is not whom the event is about")  # it would stay in the clear
    return Fact(
        event_id,
        event.NAME,
        event.VERSION,
        at,
        source,
        position,
        record.partition,
        record.offset,
        stream_id,
        stream_version,
        subject,
        data,
        users,
        traceparent if SAMPLED.fullmatch(traceparent) else None,
    )
