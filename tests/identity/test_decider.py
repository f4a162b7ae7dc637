"""What an account may do. No database."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import get_args
from uuid import UUID, uuid4

from hypothesis import given as forall
from hypothesis import strategies as st

from libs.contracts.erasure import ErasureDone
from libs.contracts.identity import (
    RoleGrant,
    RoleRevoke,
    SessionRevoke,
    UserDelete,
    UserLogin,
    UserRegister,
    UserReinstate,
    UserSuspend,
)
from libs.contracts.vocabulary import Role
from libs.eventstore.decider import Refused
from services.identity.commands import (
    Command,
    Delete,
    EndAllSessions,
    EndSession,
    FinishErasure,
    GrantRole,
    Reinstate,
    RevokeRole,
    SignIn,
    Suspend,
)
from services.identity.decider import (
    MOST_SESSIONS,
    USER,
    AccountDeleted,
    AccountSuspended,
    Active,
    Closing,
    Deleted,
    NotFound,
    Suspended,
    User,
    decide,
)
from tests.given import given, play

ANN, PHONE, LAPTOP, SANCTION = uuid4(), uuid4(), uuid4(), uuid4()
EMAIL = "ann@example.com"
registered = UserRegister(user_id=ANN, auth_provider="email", email=EMAIL, auth_provider_user_id=EMAIL)
suspended = UserSuspend(user_id=ANN, sanction_id=SANCTION)
deleted = UserDelete(user_id=ANN)


def sign_in(session: UUID) -> SignIn:
    return SignIn(ANN, session, "email", EMAIL, EMAIL, "web")


def login(session: UUID) -> UserLogin:
    return UserLogin(user_id=ANN, session_id=session, auth_provider="email", device_type="web")


def revoke(session: UUID | None, reason: str = "logout") -> SessionRevoke:
    return SessionRevoke.model_validate({"user_id": ANN, "session_id": session, "reason": reason})


def test_the_first_sign_in_registers() -> None:
    state = given(USER).when(sign_in(PHONE)).then(registered, login(PHONE))
    assert state == Active(sessions=(PHONE,))


def test_the_second_sign_in_does_not() -> None:
    given(USER, registered, login(PHONE)).when(sign_in(LAPTOP)).then(login(LAPTOP))


def test_nothing_personal_is_in_the_state() -> None:
    state = given(USER).when(sign_in(PHONE)).then(registered, login(PHONE))
    assert b"ann" not in USER.codec.dump_json(state)


def test_one_device_more_than_the_most_signs_the_oldest_out() -> None:
    sessions = [uuid4() for _ in range(MOST_SESSIONS)]
    state = (
        given(USER, registered, *map(login, sessions))
        .when(sign_in(PHONE))
        .then(revoke(sessions[0], "signed_out"), login(PHONE))
    )
    assert state == Active(sessions=(*sessions[1:], PHONE))


def test_a_session_ends_once() -> None:
    given(USER, registered, login(PHONE)).when(EndSession(ANN, PHONE, "logout")).then(revoke(PHONE))
    given(USER, registered, login(PHONE), revoke(PHONE)).when(EndSession(ANN, PHONE, "token_reused")).then()


def test_all_sessions_end_at_once() -> None:
    history = registered, login(PHONE), login(LAPTOP)
    state = given(USER, *history).when(EndAllSessions(ANN, "signed_out")).then(revoke(None, "signed_out"))
    assert state == Active()


def test_ending_all_of_no_sessions_is_nothing() -> None:
    given(USER, registered).when(EndAllSessions(ANN, "signed_out")).then()


def test_a_suspended_account_cannot_sign_in_and_has_no_sessions() -> None:
    state = given(USER, registered, login(PHONE)).when(Suspend(ANN, SANCTION, None)).then(suspended)
    assert state == Suspended((Closing(SANCTION),))
    given(USER, registered, suspended).when(sign_in(PHONE)).then_refused(AccountSuspended)
    given(USER, registered, login(PHONE), suspended).when(EndSession(ANN, PHONE, "logout")).then()


def test_a_suspension_says_until_when() -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    said = UserSuspend(user_id=ANN, sanction_id=SANCTION, until=until)
    given(USER, registered).when(Suspend(ANN, SANCTION, until)).then(said)


def test_only_a_sanction_in_force_can_be_lifted() -> None:
    lifted = UserReinstate(user_id=ANN, sanction_id=SANCTION)
    given(USER, registered, suspended).when(Reinstate(ANN, uuid4())).then()
    given(USER, registered, suspended).when(Reinstate(ANN, SANCTION)).then(lifted)
    given(USER, registered, suspended, lifted).when(sign_in(PHONE)).then(login(PHONE))


def test_the_account_opens_with_the_last_of_its_sanctions_whichever_that_is() -> None:
    tomorrow = datetime(2030, 1, 2, tzinfo=UTC)
    older, newer = Suspend(ANN, SANCTION, tomorrow), Suspend(ANN, uuid4(), None)
    for first, last in ((older, newer), (newer, older)):
        both = [UserSuspend(user_id=ANN, sanction_id=each.sanction_id, until=each.until) for each in (older, newer)]
        still = UserSuspend(user_id=ANN, sanction_id=last.sanction_id, until=last.until, lifted=first.sanction_id)
        opened = UserReinstate(user_id=ANN, sanction_id=last.sanction_id)
        state = given(USER, registered, *both).when(Reinstate(ANN, first.sanction_id)).then(still)
        assert state == Suspended((Closing(last.sanction_id, last.until),))
        given(USER, registered, *both, still).when(Reinstate(ANN, first.sanction_id)).then()
        given(USER, registered, *both, still).when(sign_in(PHONE)).then_refused(AccountSuspended)
        given(USER, registered, *both, still).when(Reinstate(ANN, last.sanction_id)).then(opened)


def test_the_same_sanction_closes_once() -> None:
    newer = UserSuspend(user_id=ANN, sanction_id=uuid4())
    given(USER, registered, suspended, newer).when(Suspend(ANN, SANCTION, None)).then()


def test_roles_are_given_and_taken_once() -> None:
    given(USER, registered).when(GrantRole(ANN, "analyst")).then(RoleGrant(user_id=ANN, role="analyst"))
    has_it = registered, RoleGrant(user_id=ANN, role="analyst")
    given(USER, *has_it).when(GrantRole(ANN, "analyst")).then()
    given(USER, *has_it).when(RevokeRole(ANN, "analyst")).then(RoleRevoke(user_id=ANN, role="analyst"))
    given(USER, registered).when(RevokeRole(ANN, "analyst")).then()


def test_who_loses_a_role_is_signed_out_because_tokens_still_say_it() -> None:
    has_it = registered, login(PHONE), RoleGrant(user_id=ANN, role="analyst")
    lost_it = RoleRevoke(user_id=ANN, role="analyst"), revoke(None, "role_changed")
    given(USER, *has_it).when(RevokeRole(ANN, "analyst")).then(*lost_it)


def test_roles_survive_a_suspension() -> None:
    history = registered, RoleGrant(user_id=ANN, role="moderator"), suspended
    lifted = UserReinstate(user_id=ANN, sanction_id=SANCTION)
    state = given(USER, *history).when(Reinstate(ANN, SANCTION)).then(lifted)
    assert state == Active(roles=("moderator",))


def test_a_deleted_account_is_gone_for_good() -> None:
    given(USER, registered, suspended).when(Delete(ANN)).then(deleted)
    given(USER, registered, deleted).when(Delete(ANN)).then()
    given(USER, registered, deleted).when(sign_in(PHONE)).then_refused(AccountDeleted)
    given(USER, registered, deleted).when(GrantRole(ANN, "operator")).then_refused(NotFound)
    given(USER, registered, deleted).when(Suspend(ANN, SANCTION, None)).then()


def test_an_erasure_is_finished_once_and_only_of_whoever_was_deleted() -> None:
    done = ErasureDone(user_id=ANN, service="identity")
    assert given(USER, registered, deleted).when(FinishErasure(ANN)).then(done) == Deleted(erased=True)
    given(USER, registered, deleted, done).when(FinishErasure(ANN)).then()
    given(USER, registered, suspended).when(FinishErasure(ANN)).then()


def test_nobody_is_not_found() -> None:
    given(USER).when(GrantRole(ANN, "operator")).then_refused(NotFound)
    given(USER).when(Delete(ANN)).then_refused(NotFound)
    given(USER).when(EndAllSessions(ANN, "signed_out")).then()


sessions = st.sampled_from([uuid4() for _ in range(MOST_SESSIONS + 2)])
sanctions = st.sampled_from([SANCTION, uuid4(), uuid4()])
roles = st.sampled_from(get_args(Role))
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(sign_in, sessions),
    st.builds(EndSession, st.just(ANN), sessions, st.just("logout")),
    st.just(EndAllSessions(ANN, "signed_out")),
    st.builds(Suspend, st.just(ANN), sanctions, st.none()),
    st.builds(Reinstate, st.just(ANN), sanctions),
    st.builds(GrantRole, st.just(ANN), roles),
    st.builds(RevokeRole, st.just(ANN), roles),
    st.just(Delete(ANN)),
    st.just(FinishErasure(ANN)),
)


@forall(st.lists(commands, max_size=40), commands)
def test_any_command_may_be_retried(script: list[Command], command: Command) -> None:
    state = play(USER, script)
    with suppress(Refused):
        state = USER.fold(decide(state, command), state)
        assert decide(state, command) == []


@forall(st.lists(commands, max_size=60))
def test_nobody_has_more_sessions_than_the_most(script: list[Command]) -> None:
    state = play(USER, script)
    if isinstance(state, Active):
        assert len(set(state.sessions)) == len(state.sessions) <= MOST_SESSIONS


@forall(st.lists(commands, max_size=60))
def test_an_account_is_closed_while_a_sanction_holds_and_no_longer(script: list[Command]) -> None:
    holding: set[UUID] = set()
    state = USER.initial
    for command in script:
        before = state
        state = play_on(before, command)
        match command:
            case Suspend(sanction_id=imposed) if isinstance(before, Active | Suspended):
                holding.add(imposed)
            case Reinstate(sanction_id=lifted):
                holding.discard(lifted)
        if isinstance(state, Active | Suspended):
            assert isinstance(state, Suspended) == bool(holding)
        if isinstance(state, Suspended):
            assert {each.sanction_id for each in state.sanctions} == holding


def play_on(state: User, command: Command) -> User:
    with suppress(Refused):
        return USER.fold(decide(state, command), state)
    return state
