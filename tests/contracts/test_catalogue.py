"""Who tells what, on which topic, to whom: DESIGN's table, held against the code."""

import pytest

from libs.contracts import schema
from libs.contracts.catalogue import EVENTS, USER_STREAMS, dlq_of, published, topics, topics_of
from libs.contracts.event import Event
from libs.contracts.vocabulary import SERVICES

TELLS = {
    "identity": """user_register user_login login_link login_unlink session_revoke user_suspend user_reinstate
        role_grant role_revoke user_delete erasure_done""",
    "social": """profile_create profile_update profile_open friend_request friend_accept friend_remove block_user
        unblock_user mute_user unmute_user erasure_done""",
    "rooms": """room_create room_update room_close room_invite room_join room_leave session_duration
        voice_active_seconds room_mute room_unmute evidence_seal erasure_done""",
    "moderation": """report_user report_review report_resolve sanction_user sanction_lift appeal_open appeal_decide
        erasure_done""",
    "inventory": "item_list item_retire item_acquire item_gift wallet_credit wallet_debit erasure_done",
    "analytics": "erasure_done",
}
RESTRICTED = {
    *("report_user", "report_review", "report_resolve", "evidence_seal"),
    *("block_user", "unblock_user", "mute_user", "unmute_user", "room_mute", "room_unmute"),
    *("sanction_user", "sanction_lift", "appeal_open", "appeal_decide"),
}
STREAMS = {
    "user": "user_register user_login login_link login_unlink session_revoke user_suspend user_reinstate role_grant "
    "role_revoke user_delete erasure_done",
    "profile": "profile_create profile_update",
    "viewer": "profile_open",
    "pair": "friend_request friend_accept friend_remove block_user unblock_user mute_user unmute_user",
    "room": "room_create room_update room_close room_mute room_unmute room_invite",
    "visitor": "room_join room_leave voice_active_seconds session_duration",
    "report": "report_user report_review report_resolve",
    "evidence": "evidence_seal",
    "safety": "sanction_user sanction_lift appeal_open appeal_decide",
    "item": "item_list item_retire",
    "wallet": "wallet_credit wallet_debit item_acquire item_gift",
}
STORED_ONLY = {
    *("seat_hold", "seat_release", "voice_state"),
    *("report_evidence", "report_release", "report_note", "report_forget"),
    *("sanction_propose", "sanction_statement", "sanction_drop", "sanction_forget", "appeal_text", "appeal_statement"),
}
EVERY = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_tells_what_the_design_says(service: str) -> None:
    assert sorted(topics_of(service)) == sorted(TELLS[service].split())


def test_one_producer_per_topic_but_for_erasure() -> None:
    told = [name for service in SERVICES for name in topics_of(service)]
    assert {name for name in told if told.count(name) > 1} == {"erasure_done"}
    assert set(told) == set(topics())


def test_few_facts_are_kept_at_home() -> None:
    assert EVENTS.keys() - published().keys() == STORED_ONLY


@EVERY
def test_a_published_event_lives_in_the_module_of_its_producer(event: type[Event]) -> None:
    home = event.__module__.rpartition(".")[2]
    if event.TOPIC is not None:
        assert event.TOPIC.producer == ("*" if home == "erasure" else home)


def test_topics_that_tell_who_reported_or_blocked_whom_are_restricted() -> None:
    assert {name for name, topic in topics().items() if topic.audience == "restricted"} == RESTRICTED


def test_events_live_in_the_streams_that_order_them() -> None:
    kinds = {kind: {name for name, topic in topics().items() if topic.stream == kind} for kind in STREAMS}
    assert kinds == {kind: set(names.split()) for kind, names in STREAMS.items()}
    assert STREAMS.keys() > USER_STREAMS


def test_rooms_topics_have_six_partitions_and_the_others_three() -> None:
    for name, topic in topics().items():
        assert topic.partitions == (6 if topic.producer == "rooms" else 3), name


def test_nothing_stays_on_a_topic_for_more_than_thirty_days() -> None:
    assert all(topic.retention.days <= 30 for topic in topics().values())


@EVERY
def test_the_subject_is_a_field_of_the_event(event: type[Event]) -> None:
    properties = schema.stored(event)["properties"]
    *fallible, last = event.SUBJECT
    assert set(event.SUBJECT) <= set(properties)
    assert "anyOf" not in properties[last], "the last candidate is never null"
    assert all("anyOf" in properties[name] for name in fallible), "and the ones before it may be"


@EVERY
def test_every_persons_id_is_marked_as_one(event: type[Event]) -> None:
    assert {name for name in event.model_fields if name.endswith("user_id") or name == "created_by"} - (
        event.PERSONAL
    ) == event.USERS


def test_a_service_parks_what_it_cannot_take_in_a_topic_of_its_own() -> None:
    assert dlq_of("rooms") == "rooms.dlq"
