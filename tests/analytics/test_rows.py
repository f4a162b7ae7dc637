"""In the lake a fact is about nobody in particular, and the same nobody every time."""

import re
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.catalogue import EVENTS
from services.analytics.facts import fact_of
from services.analytics.rows import SCHEMA, row_of, table_of
from tests.analytics.records import SATURDAY, every_event, happened, record_of, told


@pytest.mark.parametrize("name", every_event())
def test_nobody_in_a_row_can_be_recognised(name: str) -> None:
    fact = fact_of(record_of(told(happened(name))))
    names = {user: str(uuid4()) for user in fact.users}
    row = row_of(fact, names)
    assert not any(user in str(field) for user in names for field in row)
    assert {field: names[orjson.loads(fact.data)[field]] for field in EVENTS[name].USERS} == {
        field: orjson.loads(row.data)[field] for field in EVENTS[name].USERS
    }


@pytest.mark.parametrize("name", every_event())
def test_the_erased_are_null_wherever_they_were_named(name: str) -> None:
    fact = fact_of(record_of(told(happened(name))))
    row = row_of(fact, dict.fromkeys(fact.users))
    assert [orjson.loads(row.data)[field] for field in EVENTS[name].USERS] == [None] * len(EVENTS[name].USERS)
    assert (row.subject is None) == (fact.subject in fact.users)
    assert (row.stream_id is None) == any(user in fact.stream_id for user in fact.users)


@given(st.lists(st.booleans(), min_size=2, max_size=2))
def test_one_of_a_pair_may_be_erased(erased: list[bool]) -> None:
    ann, bob = uuid4(), uuid4()
    fact = fact_of(record_of(told(happened("friend_request", user_id=ann, friend_user_id=bob))))
    names = {str(user): None if gone else str(uuid4()) for user, gone in zip((ann, bob), erased, strict=True)}
    row, data = row_of(fact, names), orjson.loads(row_of(fact, names).data)
    assert [data["user_id"], data["friend_user_id"]] == list(names.values())
    assert (row.stream_id is None) == any(erased)
    assert not re.search(f"{ann}|{bob}", str(row))


def test_what_is_not_a_person_keeps_its_name() -> None:
    fact = fact_of(record_of(told(happened("room_create", created_by=None))))
    row = row_of(fact, {})
    assert (row.subject, row.stream_id, row.data) == (fact.subject, fact.stream_id, fact.data)


def test_rows_become_a_table_in_the_lakes_columns() -> None:
    rows = [row_of(fact_of(record_of(told(happened("room_create", created_by=None)))), {})] * 3
    table = table_of(rows)
    assert table.schema == SCHEMA
    assert table.to_pylist()[0] == {**rows[0]._asdict(), "date": SATURDAY.date()}
    assert table_of([]).num_rows == 0
