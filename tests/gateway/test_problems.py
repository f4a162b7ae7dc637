"""Every problem a client may be answered with: which the API's document names, and which test gets that answer.

A slug is stable, so what is promised stands here as it was promised; what does not exist yet, with the reason.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from deploy.gateway.gather import FILE
from deploy.native.folder import CHECKOUT

Answer = tuple[int, str]

PROMISED: Final = """
everywhere  400 malformed · 401 unauthenticated · 403 forbidden · 404 not_found · 413 too_large
everywhere  415 unsupported_media_type · 422 invalid · 429 rate_limited · 503 unavailable
with a key  409 idempotency_in_flight · 422 idempotency_mismatch
identity    400 bad_return_to · 400 bad_state · 401 bad_code · 401 token_expired · 401 token_reused · 403 reauthenticate
identity    404 provider_off · 409 last_login · 409 login_taken · 423 locked
social      409 friend_limit · 409 self
rooms       403 muted · 403 not_host · 403 not_seated · 403 room_banned · 403 room_private · 409 no_room · 409 no_seat
rooms       409 room_full · 409 room_quota · 409 system_room · 410 invite_used · 410 room_closed · 410 seat_gone
rooms       503 voice_off
moderation  202 needs_second_approver · 403 outranked · 403 same_moderator · 409 claimed · 409 not_claimant
moderation  409 report_exists · 409 resolved · 409 appeal_exists · 410 appeal_window
inventory   402 insufficient_funds · 409 already_owned · 409 price_changed · 409 reference_used · 409 sku_taken
inventory   410 item_retired
analytics   400 range
"""
# Ours beyond the promise.
MORE: Final = """
everywhere  401 person_erased · 500 internal
identity    403 account_suspended
social      409 name_taken
rooms       403 room_locked
moderation  409 not_proposed · 409 appeal_decided
inventory   409 wallet_full
"""
SIGN_IN_ELSEWHERE = "signing in with Google or Facebook"
NOT_YET: Final = {
    "bad_return_to": SIGN_IN_ELSEWHERE,
    "bad_state": SIGN_IN_ELSEWHERE,
    "provider_off": SIGN_IN_ELSEWHERE,
    "last_login": SIGN_IN_ELSEWHERE,
    "login_taken": SIGN_IN_ELSEWHERE,
    "range": "metrics over HTTP",
}
# Where each is answered. A test under `tests/`, and the name of its function.
REACHED: Final = """
account_suspended      identity/test_roles.py::test_a_suspended_account_is_closed_at_once
already_owned          inventory/test_routes.py::test_a_purchase_takes_the_money_and_brings_the_thing
appeal_decided         moderation/test_appeals.py::test_the_suspended_may_appeal_and_are_told_what_came_of_it
appeal_exists          moderation/test_appeals.py::test_the_suspended_may_appeal_and_are_told_what_came_of_it
appeal_window          moderation/test_appeals.py::test_after_half_a_year_it_is_too_late
bad_code               identity/test_sign_in.py::test_only_the_newest_code_is_good
claimed                moderation/test_routes.py::test_a_report_is_filed_worked_on_and_resolved
forbidden              moderation/test_routes.py::test_moderators_routes_are_shut_to_everybody_else_and_open_to_them
friend_limit           social/test_pair_routes.py::test_limits_have_their_problems
idempotency_in_flight  libs/chassis/test_app.py::test_what_is_raised_is_a_problem_of_its_own
idempotency_mismatch   inventory/test_routes.py::test_a_repeated_purchase_is_one_purchase_with_one_answer
insufficient_funds     inventory/test_routes.py::test_a_purchase_takes_the_money_and_brings_the_thing
internal               libs/chassis/test_app.py::test_what_is_raised_is_a_problem_of_its_own
invalid                libs/chassis/test_app.py::test_a_body_that_does_not_fit_says_where
invite_used            rooms/test_invites.py::test_an_invite_opens_a_private_room_once_and_its_seat_says_so
item_retired           inventory/test_routes.py::test_an_item_is_listed_shown_retired_and_kept_by_who_has_it
locked                 identity/test_sign_in.py::test_five_wrong_tries_lock_the_code_even_in_parallel
malformed              libs/chassis/test_app.py::test_a_body_that_is_no_json_is_malformed
muted                  rooms/test_keeping_order.py::test_the_token_for_voice_is_for_people_seated_there_who_may_be_heard
name_taken             social/test_names.py::test_a_name_for_which_no_number_is_left_is_refused
needs_second_approver  moderation/test_routes.py::test_a_sanction_is_imposed_approved_and_withdrawn
no_room                rooms/test_matchmaking.py::test_private_locked_closed_and_forbidden_rooms_are_not_offered
no_seat                rooms/test_keeping_order.py::test_the_token_for_voice_is_for_people_seated_there_who_may_be_heard
not_claimant           moderation/test_routes.py::test_a_report_is_filed_worked_on_and_resolved
not_found              identity/test_sessions.py::test_nobody_can_sign_somebody_else_out
not_host               rooms/test_routes.py::test_only_the_host_changes_a_room_and_nobody_the_houses_own
not_proposed           moderation/test_routes.py::test_a_sanction_is_imposed_approved_and_withdrawn
not_seated             rooms/test_routes.py::test_members_are_shown_to_members
outranked              moderation/test_routes.py::test_a_sanction_is_imposed_approved_and_withdrawn
person_erased          libs/eventstore/test_gone.py::test_a_request_with_a_key_is_refused_and_its_key_is_not_kept
price_changed          inventory/test_routes.py::test_a_purchase_takes_the_money_and_brings_the_thing
rate_limited           gateway/test_limits.py::test_a_made_up_forwarding_header_does_not_give_a_fresh_share
reauthenticate         identity/test_erasures.py::test_an_old_login_has_to_sign_in_first_however_young_its_token
reference_used         inventory/test_routes.py::test_an_operator_credits_a_wallet_once_per_reference
report_exists          moderation/test_routes.py::test_a_report_is_filed_worked_on_and_resolved
resolved               moderation/test_routes.py::test_a_report_is_filed_worked_on_and_resolved
room_banned            rooms/test_routes.py::test_who_is_blocked_may_join_and_who_is_banned_may_not
room_closed            rooms/test_routes.py::test_a_room_is_opened_shown_changed_and_closed
room_full              rooms/test_routes.py::test_full_private_and_unknown_rooms_say_so
room_locked            rooms/test_keeping_order.py::test_a_locked_room_lets_in_the_host_moderators_and_the_invited
room_private           rooms/test_routes.py::test_full_private_and_unknown_rooms_say_so
room_quota             rooms/test_routes.py::test_a_host_has_so_many_rooms_open_at_a_time
same_moderator         moderation/test_routes.py::test_a_sanction_is_imposed_approved_and_withdrawn
seat_gone              rooms/test_routes.py::test_a_join_keeps_a_seat_and_says_where_to_go
self                   social/test_pair_routes.py::test_oneself_is_no_friend_and_no_foe
sku_taken              inventory/test_routes.py::test_an_item_is_listed_shown_retired_and_kept_by_who_has_it
system_room            rooms/test_routes.py::test_only_the_host_changes_a_room_and_nobody_the_houses_own
token_expired          identity/test_sessions.py::test_no_device_is_signed_in_for_ever
token_reused           identity/test_sessions.py::test_a_token_used_twice_ends_its_session_for_everybody
too_large              gateway/test_limits.py::test_a_body_has_a_limit
unauthenticated        gateway/test_tokens.py::test_a_forged_token_is_refused
unavailable            gateway/test_routing.py::test_a_service_that_is_down_is_unavailable_and_worth_another_try
unsupported_media_type libs/chassis/test_app.py::test_another_media_type_is_415
voice_off              rooms/test_keeping_order.py::test_a_house_without_voice_says_so
wallet_full            inventory/test_routes.py::test_an_operator_credits_a_wallet_once_per_reference
"""


def table(text: str) -> set[Answer]:
    return {(int(status), slug) for status, slug in re.findall(r"(\d{3}) ([a-z_]+)", text)}


def documented() -> Iterator[Answer]:
    """Of every operation: the slugs in the descriptions of its refusals, and of what is accepted for later."""
    for operations in json.loads(FILE.read_text())["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status >= "400" or status == "202":
                    for said in answer["description"].split(" · "):
                        if slug := re.match(r"[a-z_]+(?=$|:)", said):
                            yield int(status), slug[0]


def reached() -> dict[str, str]:
    return dict(line.split() for line in REACHED.strip().splitlines())


@cache
def sources(path: Path) -> dict[str, str]:
    """Each function of a file by its name, its decorators with it."""
    text = path.read_text()
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lines = text.splitlines()
    return {
        each.name: "\n".join(lines[min([each.lineno, *(d.lineno for d in each.decorator_list)]) - 1 : each.end_lineno])
        for each in functions
    }


def test_the_document_names_every_problem_promised_and_no_other() -> None:
    exist = {answer for answer in table(PROMISED) if answer[1] not in NOT_YET}
    assert set(documented()) == exist | table(MORE)


def test_what_does_not_exist_yet_was_promised_and_is_not_documented() -> None:
    assert {slug for _, slug in table(PROMISED)} >= NOT_YET.keys()
    assert not {slug for _, slug in documented()} & NOT_YET.keys()


def test_every_problem_there_is_has_a_test() -> None:
    assert reached().keys() == {slug for _, slug in documented()}


@pytest.mark.parametrize(("slug", "where"), reached().items(), ids=reached())
def test_the_test_is_there_and_speaks_of_it(slug: str, where: str) -> None:
    path, _, name = where.partition("::")
    source = sources(CHECKOUT / "tests" / path)[name]
    refused = "".join(part.title() for part in slug.split("_"))
    assert re.search(rf"\b({slug}|{refused})\b", source)
