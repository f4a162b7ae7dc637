"""What other processes decided: ended visits, revoked sessions, suspended and erased people. Sockets follow at once."""

from time import monotonic
from typing import Final
from uuid import UUID

from libs.chassis.follow import Handler
from libs.chassis.revocations import TOPICS as REVOCATION_TOPICS
from libs.chassis.revocations import Revocations
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import SessionRevoke, UserDelete, UserSuspend
from libs.contracts.inventory import ItemAcquire, ItemGift
from libs.contracts.rooms import RoomLeave, RoomUpdate
from libs.contracts.vocabulary import LeaveReason
from services.rooms.realtime.bouncer import OWN_TOPICS
from services.rooms.realtime.codes import Code
from services.rooms.realtime.emotes import Emotes
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.tidings import Tidings

TOPICS: Final = (*REVOCATION_TOPICS, RoomLeave.NAME, RoomUpdate.NAME, ItemGift.NAME, ItemAcquire.NAME, *OWN_TOPICS)
CODES: Final[dict[LeaveReason, Code]] = {
    "kicked": Code.KICKED,
    "sanctioned": Code.SANCTIONED,
    "suspended": Code.SANCTIONED,
    "revoked": Code.REVOKED,
    "deleted": Code.REVOKED,
    "room_closed": Code.ROOM_CLOSED,
}  # any other: the seat is gone


class News:
    """A Follower's handler; the Follower starts at `revocations.horizon`."""

    def __init__(self, halls: Halls, revocations: Revocations, order: Handler, emotes: Emotes) -> None:
        """`order` hears who is muted in a room."""
        self._halls = halls
        self._order = order
        self._emotes = emotes
        self._revocations = revocations
        self._tidings = Tidings(halls)

    async def hear(self, envelope: Envelope) -> None:
        """Any event, in any order, any number of times."""
        if envelope.name in REVOCATION_TOPICS:
            await self._revocations.apply(envelope)
        if envelope.name in OWN_TOPICS:
            await self._order(envelope)
        match envelope.event():
            case RoomLeave(visit_id=visit, reason=reason):
                self._halls.part(visit, reason, CODES.get(reason, Code.SEAT_GONE), monotonic())
            case SessionRevoke(user_id=user, session_id=session):
                self._dismiss(user, session, envelope, Code.REVOKED)
            case UserSuspend(user_id=user):
                self._dismiss(user, None, envelope, Code.SANCTIONED)
            case UserDelete(user_id=user):
                self._halls.retract(user, erase=True)
                self._dismiss(user, None, envelope, Code.REVOKED)
                self._emotes.forget(user)
            case ItemAcquire(user_id=user, sku=sku, type="emote"):
                self._emotes.learn(user, sku)
            case RoomUpdate() | ItemGift() as event:
                self._tidings.tell(event, envelope)

    def _dismiss(self, user: UUID, session: UUID | None, envelope: Envelope, code: Code) -> None:
        """Their seat ends by rooms' own consumer; the socket does not wait for it."""
        for hall, member in self._halls.of_user(user):
            guest = member.guest
            concerned = guest.session == session if session else guest.issued_at <= envelope.time
            if concerned and (socket := hall.sockets.get(user)):
                socket.close(code, "revoked")
