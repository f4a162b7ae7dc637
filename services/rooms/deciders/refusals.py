"""Every reason for which rooms says no. The class name is the problem's slug, the docstring its text.

Refused
├── NotFound        there is no such room
├── RoomClosed      it closed for good
├── RoomPrivate     it opens to its host and to invited people alone
├── RoomLocked      it opens to its host and to invited people alone, for now
├── RoomBanned      this guest was shown the door, or a sanction keeps them out
├── RoomFull        every seat is taken or kept
├── NoRoom          there is no room to be brought to
├── InviteUsed      the invite has been used, or its time is over
├── RoomQuota       this host has as many open rooms as one may have
├── NotHost         only its host or a moderator may do that
├── Self            nobody shows themselves the door
├── SystemRoom      the house's own rooms stay as they are
├── NotSeated       only people seated there may see or do that
├── NoSeat          voice is for people seated in the room
├── Muted           this guest may not be heard there
├── VoiceOff        this house has no voice
└── SeatGone        the visit is over

The node's door has more of its own: services/rooms/node_door.py.
"""

from datetime import UTC

from libs.eventstore.decider import Refused
from services.rooms.deciders.line import Place


class NotFound(Refused):
    """There is no such room."""


class RoomClosed(Refused):
    """This room has closed for good."""


class RoomPrivate(Refused):
    """This room is private: it takes an invitation."""


class RoomLocked(Refused):
    """This room is locked at present: it takes an invitation."""


class RoomBanned(Refused):
    """You may not enter this room."""


class RoomFull(Refused):
    """Every seat in this room is taken, or kept for somebody who was here before you."""

    def __init__(self, place: Place | None = None) -> None:
        """`place`: in the room's line; None where one cannot wait."""
        super().__init__()
        self.place = place
        if place:
            until = place.until.astimezone(UTC).isoformat().replace("+00:00", "Z")
            self.members = {"waitlist": {"position": place.position, "expires_at": until}}
            self.retry_after = place.ask_after


class NoRoom(Refused):
    """No room is open to you at present."""


class InviteUsed(Refused):
    """This invite has been used, or its time is over."""


class RoomQuota(Refused):
    """You have as many open rooms as one host may have. Close one first."""


class NotHost(Refused):
    """Only the host of this room, or a moderator, may do that."""


class Self(Refused):
    """One cannot do that to oneself."""


class SystemRoom(Refused):
    """This room belongs to the house and cannot be changed."""


class NotSeated(Refused):
    """Only people seated in this room may see or do that."""


class NoSeat(Refused):
    """You are not seated in this room."""


class Muted(Refused):
    """You are muted here."""


class VoiceOff(Refused):
    """There is no voice in this house."""


class SeatGone(Refused):
    """This visit is over. Join again."""
