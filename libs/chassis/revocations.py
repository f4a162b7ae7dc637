"""Tokens that are still young enough to pass but whose session, or person, is gone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import SessionRevoke, UserDelete, UserSuspend

TOPICS = (SessionRevoke.NAME, UserSuspend.NAME, UserDelete.NAME)


def _now() -> datetime:
    return datetime.now(UTC)


class Revocations:
    """What session_revoke, user_suspend and user_delete of the last access-token lifetime say.

    Fed by a Follower (`handler=revocations.apply`, `since=revocations.horizon()`). Older events no longer matter: every
    token from before them has expired. A session that began after the event is judged by its scope, not here.
    """

    def __init__(self, lifetime: timedelta, *, clock: Callable[[], datetime] = _now) -> None:
        self._lifetime, self._clock = lifetime, clock
        self._sessions: dict[UUID, datetime] = {}
        self._users: dict[UUID, datetime] = {}

    def horizon(self) -> datetime:
        """The oldest event that can still matter, with a minute for clocks that differ."""
        return self._clock() - self._lifetime - timedelta(minutes=1)

    def refuse(self, user: UUID, session: UUID, signed_in_at: datetime) -> bool:
        """True for an ended session, or one that began before its person was signed out, suspended or erased.

        By the session's beginning, not by the token's: a refresh may mint one while the revocation is on its way.
        """
        if session in self._sessions:
            return True
        cut_off = self._users.get(user)
        return cut_off is not None and signed_in_at <= cut_off

    async def apply(self, envelope: Envelope) -> None:
        """Take in one event, in any order, any number of times."""
        match envelope.event():
            case SessionRevoke(session_id=UUID() as session):
                self._sessions[session] = envelope.time
            case SessionRevoke(user_id=user) | UserSuspend(user_id=user) | UserDelete(user_id=user):
                self._users[user] = max(envelope.time, self._users.get(user, envelope.time))
        self._forget()

    def _forget(self) -> None:
        horizon = self.horizon()
        for known in (self._sessions, self._users):
            # oldest first, as they came; one that came late waits behind its elders
            while known and known[first := next(iter(known))] < horizon:
                del known[first]
