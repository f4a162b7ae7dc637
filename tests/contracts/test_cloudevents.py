"""What goes into a record comes out of it, without what is personal; junk is refused with a reason, never a crash."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.catalogue import EVENTS, published
from libs.contracts.cloudevents import ContractError, Envelope, decode, encode, source_of
from libs.contracts.example import example
from libs.contracts.schema import stored

DANA = UUID("233d6de2-421e-5315-bdeb-7a8586864992")
VISIT = UUID("4b49a04f-82eb-5b6f-84b6-dd412b1b6b3b")
CANARY = "canary@example.org"


def envelope_of(name: str, **changes: Any) -> Envelope:
    data = example(stored(EVENTS[name]))
    return replace(
        Envelope(
            id=VISIT,
            name=name,
            source=source_of("local", "rooms", 1),
            subject=DANA,
            time=datetime(2026, 2, 6, 21, 30, tzinfo=UTC),
            schema_version=EVENTS[name].VERSION,
            stream_id=f"visitor-{DANA}",
            stream_version=7,
            position=4711,
            correlation_id=VISIT,
            causation_id=None,
            traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
            data={field: content for field, content in data.items() if field not in EVENTS[name].PERSONAL},
        ),
        **changes,
    )


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = st.integers(-(2**53), 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
positions = st.integers(0, 10**17)


def moments(milliseconds: int) -> st.SearchStrategy[datetime]:
    zones = st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours)))
    return zones.map(lambda zone: datetime.fromtimestamp(milliseconds / 1000, zone))


envelopes = st.builds(
    Envelope,
    id=st.uuids(),
    name=st.sampled_from(sorted(published())) | st.from_regex(r"\A[a-z][a-z0-9_]{0,63}\Z"),
    source=st.builds(
        source_of, st.sampled_from(["local", "eu-1"]), st.sampled_from(["rooms", "social"]), st.integers(0, 99)
    ),
    subject=st.uuids(),
    time=st.integers(0, 2**42).flatmap(moments),
    schema_version=st.integers(1, 9999),
    stream_id=st.builds("visitor-{}".format, st.uuids()) | st.builds("pair-{}-{}".format, st.uuids(), st.uuids()),
    stream_version=positions,
    position=positions,
    correlation_id=st.none() | st.uuids(),
    causation_id=st.none() | st.uuids(),
    traceparent=st.none() | st.from_regex(r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\Z"),
    data=st.dictionaries(text, json_values, max_size=5),
)


@given(envelopes)
def test_what_is_encoded_is_decoded(sent: Envelope) -> None:
    personal = EVENTS[sent.name].PERSONAL if sent.name in EVENTS else frozenset()
    kept = {name: content for name, content in sent.data.items() if name not in {*personal, "$personal"}}
    assert decode(*encode(sent)) == replace(sent, data=kept)


@pytest.mark.parametrize("name", published())
def test_every_event_survives_the_journey(name: str) -> None:
    sent = envelope_of(name)
    assert decode(*encode(sent)).event() == EVENTS[name].read(sent.data, sent.schema_version)


@pytest.mark.parametrize("name", [name for name, event in published().items() if event.PERSONAL])
def test_nothing_personal_is_published_whoever_left_it_in(name: str) -> None:
    careless = dict.fromkeys([*EVENTS[name].PERSONAL, "$personal"], CANARY)
    sent = envelope_of(name)
    value, headers = encode(replace(sent, data={**sent.data, **careless}))
    assert CANARY.encode() not in value
    assert CANARY.encode() not in b"".join(content for _, content in headers)


def test_the_headers_are_those_of_the_design() -> None:
    value, headers = encode(envelope_of("room_leave"))
    assert dict(headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": str(VISIT).encode(),
        "ce_type": b"room_leave",
        "ce_source": b"/virtubar/local/rooms/1",
        "ce_subject": str(DANA).encode(),
        "ce_time": b"2026-02-06T21:30:00Z",
        "ce_dataschema": b"https://virtubar.dev/schemas/room_leave/1",
        "ce_streamid": f"visitor-{DANA}".encode(),
        "ce_streamversion": b"7",
        "ce_position": b"4711",
        "ce_correlationid": str(VISIT).encode(),
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01".encode(),
    }
    assert orjson.loads(value)["reason"] == "left"


header_names = st.sampled_from([name for name, _ in encode(envelope_of("room_join"))[1]]) | text
junk_headers = st.lists(st.tuples(header_names, st.none() | st.binary(max_size=60)), max_size=16)


@given(st.none() | st.binary(max_size=200), junk_headers)
def test_junk_is_refused_and_never_crashes(value: bytes | None, headers: list[tuple[str, bytes | None]]) -> None:
    with pytest.raises(ContractError):
        decode(value, headers)


@given(st.data())
def test_one_spoilt_header_never_crashes(data: st.DataObject) -> None:
    value, headers = encode(envelope_of("room_join"))
    spoilt = data.draw(st.integers(0, len(headers) - 1))
    content = data.draw(st.none() | st.binary(max_size=60) | text.map(str.encode))
    changed: list[tuple[str, bytes | None]] = [*headers]
    changed[spoilt] = (headers[spoilt][0], content)
    with suppress(ContractError):
        decode(value, changed).event()


@given(json_values)
def test_data_that_does_not_fit_is_refused_and_not_quoted(content: Any) -> None:
    sent = envelope_of("room_join", data={"user_id": content, "theme": CANARY})
    with pytest.raises(ContractError) as reason:
        decode(*encode(sent)).event()
    assert CANARY not in str(reason.value)


SPOILT = {
    "an id in another spelling": ("ce_id", str(DANA).upper().encode(), "ce_id is not a UUID"),
    "a time without a zone": ("ce_time", b"2026-02-06T21:30:00", "ce_time is not an RFC 3339 time"),
    "a time before all calendars": ("ce_time", b"0001-01-01T00:00:00+23:59", "ce_time is not an RFC 3339 time"),
    "digits of another script": ("ce_position", "\u0661".encode(), "ce_position is malformed"),
    "a negative position": ("ce_position", b"-1", "ce_position is malformed"),
    "a position no bigint holds": ("ce_position", b"9" * 19, "ce_position is malformed"),
    "a NUL in the stream": ("ce_streamid", b"visitor-\x00", "ce_streamid is malformed"),
    "another event's schema": ("ce_dataschema", b"https://virtubar.dev/schemas/room_leave/1", "ce_dataschema is not"),
    "another specification": ("ce_specversion", b"0.3", "ce_specversion is not 1.0"),
    "bytes that are no text": ("ce_subject", b"\xff\xfe", "ce_subject is not UTF-8"),
}


@pytest.mark.parametrize(("header", "content", "reason"), SPOILT.values(), ids=SPOILT.keys())
def test_a_malformed_header_is_named(header: str, content: bytes, reason: str) -> None:
    value, headers = encode(envelope_of("room_join"))
    with pytest.raises(ContractError, match=reason):
        decode(value, [(name, content if name == header else was) for name, was in headers])


VALUES = {
    "a tombstone": (None, "no value"),
    "no JSON": (b"{", "not JSON"),
    "no object": (b"[]", "not a JSON object"),
    "a NUL": (b'{"user_id": "\\u0000"}', "NUL"),
    "too deep": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "not JSON"),
}


@pytest.mark.parametrize(("value", "reason"), VALUES.values(), ids=VALUES.keys())
def test_a_malformed_value_is_named(value: bytes | None, reason: str) -> None:
    _, headers = encode(envelope_of("room_join"))
    with pytest.raises(ContractError, match=reason):
        decode(value, headers)


def test_a_repeated_header_is_refused() -> None:
    value, headers = encode(envelope_of("room_join"))
    with pytest.raises(ContractError, match="ce_id is there twice"):
        decode(value, [*headers, ("ce_id", str(DANA).encode())])


def test_headers_of_others_are_ignored_and_a_bad_trace_is_dropped() -> None:
    value, headers = encode(envelope_of("room_join"))
    changed = [(name, b"junk" if name == "traceparent" else was) for name, was in headers]
    assert decode(value, [*changed, ("baggage", b"\xff")]).traceparent is None


def test_fields_from_a_newer_producer_are_ignored_and_a_newer_version_is_refused() -> None:
    sent = envelope_of("room_join")
    assert decode(*encode(replace(sent, data={**sent.data, "mood": "fine"}))).event().subject
    with pytest.raises(ContractError, match="v2 is from the future"):
        decode(*encode(replace(sent, schema_version=2))).event()


def test_an_event_nobody_here_knows_decodes_and_is_refused_when_read() -> None:
    unknown = decode(*encode(replace(envelope_of("room_join"), name="room_paint")))
    with pytest.raises(ContractError, match="unknown event room_paint"):
        unknown.event()
