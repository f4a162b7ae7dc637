"""A record is read as `decode` reads it, only faster, and everybody it names is found by the contract."""

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import ContractError
from libs.contracts.identity import UserRegister
from services.analytics import facts
from services.analytics.facts import Fact, contents_of, fact_of
from tests.analytics.records import Record, every_event, happened, record_of, stream_of, told

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
junk = st.binary(max_size=40) | st.none()


def read(how: Any, record: Record) -> Fact | str:
    """What it makes of the record, or that it refuses."""
    try:
        fact: Fact = how(record)
    except ContractError:
        return "refused"
    return fact


@pytest.mark.parametrize("name", every_event())
def test_the_quick_way_and_the_thorough_way_agree(name: str) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    for extra in ({}, {"correlation_id": uuid4(), "causation_id": uuid4()}, {"traceparent": trace}):
        record = record_of(told(happened(name), **extra), offset=7, partition=2)
        assert facts._faultless(record) == facts._doubtful(record) == fact_of(record)


@given(st.sampled_from(sorted(every_event())), st.data())
def test_a_spoilt_record_is_refused_by_both_or_by_neither(name: str, data: st.DataObject) -> None:
    whole = record_of(told(happened(name), correlation_id=uuid4(), traceparent=f"00-{'a' * 32}-{'b' * 16}-00"))
    spoilt = data.draw(st.integers(0, len(whole.headers) - 1))
    headers = list(whole.headers)
    act = data.draw(st.sampled_from(["drop", "twice", "junk", "cut", "none"]))
    key, value = headers[spoilt]
    assert value is not None
    if act == "drop":
        del headers[spoilt]
    elif act == "twice":
        headers.append(headers[spoilt])
    elif act == "cut":
        headers[spoilt] = (key, value[:-1])
    else:
        headers[spoilt] = (key, data.draw(junk) if act == "junk" else None)
    record = replace(whole, headers=headers)
    assert read(fact_of, record) == read(facts._doubtful, record)


@given(st.sampled_from(sorted(every_event())), st.data())
def test_spoilt_data_is_refused_by_both_or_by_neither(name: str, data: st.DataObject) -> None:
    whole = record_of(told(happened(name)))
    content = orjson.loads(whole.value or b"")
    field = data.draw(st.sampled_from(sorted(content)))
    content[field] = data.draw(
        st.none() | st.booleans() | st.integers(-5, 2**64 - 1) | st.text(max_size=5) | st.just([])
    )
    value = data.draw(st.sampled_from([orjson.dumps(content), orjson.dumps([content]), None, b"{", b""]))
    record = replace(whole, value=value)
    assert read(fact_of, record) == read(facts._doubtful, record)


@pytest.mark.parametrize("name", every_event())
def test_nobodys_id_is_overlooked(name: str) -> None:
    event = happened(name)
    fact = fact_of(record_of(told(event)))
    assert fact.users >= {str(getattr(event, field)) for field in type(event).USERS}
    others = {str(value) for value in event.model_dump().values()} - fact.users
    assert set(UUID.findall(f"{fact.data} {fact.stream_id} {fact.subject}")) - fact.users <= others


def test_what_the_contract_does_not_know_yet_stays_outside() -> None:
    whole = record_of(told(happened("user_delete")))
    newer = orjson.dumps({**orjson.loads(whole.value or b""), "gifts_from": [str(uuid4())]})
    assert "gifts_from" not in fact_of(replace(whole, value=newer)).data


def test_what_is_personal_is_no_part_of_the_data() -> None:
    event = happened("user_register")
    assert isinstance(event, UserRegister)
    data, _, _ = contents_of(event.model_copy(update={"email": "ann@example.org"}), stream_of(event))
    assert "ann@example.org" not in data


def test_a_subject_that_is_not_the_events_is_refused() -> None:
    with pytest.raises(ContractError, match="subject"):
        fact_of(record_of(told(happened("room_join"), subject=uuid4())))


def test_an_event_in_a_topic_of_another_is_refused() -> None:
    with pytest.raises(ContractError, match="topic"):
        fact_of(replace(record_of(told(happened("room_join"))), topic="room_leave"))


def test_a_version_from_the_future_is_refused() -> None:
    with pytest.raises(ContractError, match="v2"):
        fact_of(record_of(told(happened("room_join"), schema_version=EVENTS["room_join"].VERSION + 1)))


def test_a_number_no_column_can_hold_is_refused() -> None:
    whole = record_of(told(happened("voice_active_seconds")))
    huge = orjson.dumps({**orjson.loads(whole.value or b""), "seconds": 1e30})
    with pytest.raises(ContractError):
        fact_of(replace(whole, value=huge))
