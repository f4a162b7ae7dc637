"""Every reason for which rooms says no. The class name is the problem's slug, the docstring its text.

Refused
├── NotFound        there is no such room
├── RoomClosed      it closed for good
├── RoomPrivate     it opens to its host and to invited people alone
├── RoomFull        every seat is taken or kept
├── RoomQuota       this host has as many open rooms as one may have
├── NotHost         only its host may do that
├── SystemRoom      the house's own rooms stay as they are
├── NotSeated       only people seated there may see that
└── SeatGone        the visit is over

The node's door has more of its own: services/rooms/node_door.py.
"""

from libs.eventstore.decider import Refused


class NotFound(Refused):
    """There is no such room."""


class RoomClosed(Refused):
    """This room has closed for good."""


class RoomPrivate(Refused):
    """This room is private: it takes an invitation."""


class RoomFull(Refused):
    """Every seat in this room is taken."""


class RoomQuota(Refused):
    """You have as many open rooms as one host may have. Close one first."""


class NotHost(Refused):
    """Only the host of this room may do that."""


class SystemRoom(Refused):
    """This room belongs to the house and cannot be changed."""


class NotSeated(Refused):
    """Only people seated in this room may see that."""


class SeatGone(Refused):
    """This visit is over. Join again."""
