"""From a Kafka record to a fact: what happened, checked against its contract, and everyone it names."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

import orjson

from libs.contracts.catalogue import EVENTS, USER_STREAMS
from libs.contracts.cloudevents import SCHEMA, ContractError, decode
from libs.contracts.event import Event

UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
EACH_UUID: Final = re.compile(UUID)
NUMBER: Final = "(0|[1-9][0-9]{0,17})"
ALWAYS: Final = {
    "ce_specversion": r"1\.0",
    "ce_id": f"({UUID})",
    "ce_type": "(?P<name>[a-z][a-z0-9_]{0,63})",
    "ce_source": "(/virtubar/[a-z0-9][a-z0-9-]{0,62}/[a-z]{1,32}/[0-9]{1,9})",
    "ce_subject": f"({UUID})",
    "ce_time": r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{6})?Z)",
    "ce_dataschema": re.escape(SCHEMA.partition("{")[0]) + "(?P=name)/([1-9][0-9]{0,3})",
    "ce_streamid": f"([a-z]{{1,32}}(?:-{UUID}){{1,2}})",
    "ce_streamversion": NUMBER,
    "ce_position": NUMBER,
}
SOMETIMES: Final = {"ce_correlationid": f"(?:{UUID})?", "ce_causationid": f"(?:{UUID})?", "traceparent": "([ -~]*)"}
EXPECTED: Final = frozenset({"content-type", *ALWAYS, *SOMETIMES})
# The headers of a faultless record, one a line: one pattern costs a tenth of `decode`, which says what is wrong.
FAULTLESS: Final = re.compile("\n".join((ALWAYS | SOMETIMES).values()))
NUL: Final = rb"\u0000"
SAMPLED: Final = re.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][13579bdf]")
FAULTS: Final = (LookupError, ValueError, TypeError, AttributeError)


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
    data: str  # JSON, see data_of
    users: frozenset[str]
    traceparent: str | None  # where the event's trace is sampled


def fact_of(record: Record) -> Fact:
    """Raises ContractError, with the reason, for whatever is not an event that belongs in the record's topic."""
    try:
        return _faultless(record)
    except FAULTS:
        return _doubtful(record)


def users_of(event: Event, stream_id: str) -> frozenset[str]:
    """Everyone an event names: in its data, by the contract's marks, and in the id of a stream of people's."""
    named = [str(user) for field in event.USERS if (user := getattr(event, field)) is not None]
    if stream_id.partition("-")[0] in USER_STREAMS:
        named += EACH_UUID.findall(stream_id)
    return frozenset(named)


def data_of(event: Event) -> str:
    """What the lake keeps of an event, in its contract's current shape: every field that everybody may know.

    A field the contract does not know yet is left out: it could hold a person's id. Raises TypeError for an integer
    that no column can hold.
    """
    return orjson.dumps(event.model_dump(exclude=set(event.PERSONAL)), option=orjson.OPT_UTC_Z).decode()


def _faultless(record: Record) -> Fact:
    """The fact, provided that nothing is unusual about the record; raises one of FAULTS otherwise."""
    headers, value = dict(record.headers), record.value or b""
    if len(headers) != len(record.headers) or not EXPECTED.issuperset(headers) or NUL in value:
        raise ValueError
    lines = [headers[name] for name in ALWAYS] + [headers.get(name, b"") for name in SOMETIMES]
    found = FAULTLESS.fullmatch(b"\n".join(lines).decode("ascii"))  # type: ignore[arg-type]  # None raises TypeError
    data = orjson.loads(value)
    if found is None or type(data) is not dict:
        raise ValueError
    event_id, name, source, subject, time, version, stream_id, stream_version, position, traceparent = found.groups()
    event = EVENTS[name].read(data, int(version))
    at = datetime.fromisoformat(time)
    return _fact(
        record, event, event_id, at, source, int(position), stream_id, int(stream_version), subject, traceparent
    )


def _doubtful(record: Record) -> Fact:
    """The fact after all, or a ContractError that says what is wrong."""
    told = decode(record.value, record.headers)
    event, at = told.event(), told.time.astimezone(UTC)
    subject, trace = str(told.subject), told.traceparent or ""
    try:
        return _fact(
            record,
            event,
            str(told.id),
            at,
            told.source,
            told.position,
            told.stream_id,
            told.stream_version,
            subject,
            trace,
        )
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
    if subject != str(event.subject):
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
        data_of(event),
        users_of(event, stream_id),
        traceparent if SAMPLED.fullmatch(traceparent) else None,
    )
