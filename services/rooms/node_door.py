"""The realtime node's door: its own lease, the rooms it owns, and the people it lets in.

Every method is one transaction. A node measures its lease by its own steady clock, from before it called `renew_node`.

Refused
├── BadTicket     this ticket or token opens nothing: forged, used, run out, replaced, or for another room or owner
├── SeatGone      the visit is over: by the sweeper, by leaving elsewhere, or because the room shrank or closed
├── Barred        a sanction keeps this person out, of this room or of the house
├── NotOwner      another node owns the room by now, or nobody does: let go of it
└── NodeReplaced  a newer process runs under this node's name: stop
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from libs.contracts.vocabulary import LeaveReason, Region
from libs.eventstore.decider import Refused
from services.rooms.evidence.document import Document, Due, Wanted
from services.rooms.ports import Entered, Owned, Seat
from services.rooms.standings import Known


class BadTicket(Refused):
    """This ticket opens nothing. Ask for a new one."""


class Barred(Refused):
    """A sanction keeps this person out; `everywhere`: of the whole house."""

    def __init__(self, *, everywhere: bool) -> None:
        super().__init__()
        self.everywhere = everywhere


class NotOwner(Refused):
    """This node does not own the room."""


class NodeReplaced(Refused):
    """A newer process runs under this node's name."""


class NodeDoor(Protocol):
    """What a node asks of the service. `at` is the time of the frame or tick that asks, aware."""

    async def register(self, node_id: str, url: str, region: Region) -> int:
        """Join the pool of `region`. Returns the incarnation, greater than any this name had, whose rooms are free now.

        `url` is what clients are told: they connect to `{url}/v1/rt/{node_id}/{room_id}`. No slash at its end.
        """
        ...

    async def renew_node(self, node_id: str, incarnation: int, load: float, *, accepting: bool = True) -> None:
        """Hold the lease for 3 s more; each second. `load` is measured, 0 idle, 1 full; not `accepting`: no new rooms.

        Raises NodeReplaced.
        """
        ...

    async def retire(self, node_id: str, incarnation: int) -> None:
        """End the lease now: a graceful stop, after `give_up` of every room."""
        ...

    async def owned_rooms(self, node_id: str, incarnation: int) -> Sequence[Owned]:
        """Every room this node owns now, closed ones with people in them too."""
        ...

    async def claim(self, room_id: UUID, node_id: str, incarnation: int) -> Owned:
        """The room as this node owns it: for the first `hello` in a room new to the node. Raises NotOwner."""
        ...

    async def give_up(self, room_id: UUID, node_id: str, fence: int) -> None:
        """Free the room for another owner. Nothing happens where it has one already."""
        ...

    async def seats(self, room_id: UUID) -> Sequence[Seat]:
        """Everybody seated in the room, by visit."""
        ...

    async def known(self, room_id: UUID, users: Sequence[UUID], others: Sequence[UUID]) -> Known:
        """What stands between `users` and all of these, and against `users` themselves, as the service has heard."""
        ...

    async def enter(self, ticket: str, room_id: UUID, node_id: str, fence: int, at: datetime) -> Entered:
        """Consume a ticket: the held seat becomes a visit (`room_join`), a seated one gets a new socket.

        Raises BadTicket, SeatGone, Barred, NotOwner; and Conflict or asyncpg's errors when Postgres is away.
        """
        ...

    async def resume(self, token: str, room_id: UUID, node_id: str, fence: int, at: datetime) -> Entered:
        """Back on a new socket with the `resume_token` alone, the room's owner being the same as before.

        The token rotates; the one shown stays good until `confirm`, so that a lost `welcome` locks nobody out.
        Raises BadTicket, SeatGone, Barred, NotOwner.
        """
        ...

    async def confirm(self, visit_id: UUID, token: str) -> None:
        """The client has spoken on the new socket, so it knows `token`: the one before opens nothing any more."""
        ...

    async def leave(
        self,
        visit_id: UUID,
        reason: LeaveReason,
        at: datetime,
        left_at: datetime | None = None,
        *,
        fence: int | None = None,
    ) -> bool:
        """End a visit (`room_leave`); False: it was over before. `left_at` is the last sign of life, else `at`.

        Raises NotOwner where `fence` is given and is no longer the room's.
        """
        ...

    async def beat(self, node_id: str, incarnation: int, seen: Mapping[UUID, datetime]) -> frozenset[UUID]:
        """Write down when each visit was last heard from; every 15 s, in one statement for the whole node.

        Returns the visits of `seen` that are over or whose room another node owns by now: close their sockets.
        """
        ...

    async def speak(self, visit_id: UUID, room_id: UUID, at: datetime, *, publishing: bool, fence: int) -> None:
        """A microphone was opened or closed. Nothing happens where the visit is over. Raises NotOwner."""
        ...

    async def seals_due(self, node_id: str, incarnation: int) -> Sequence[Due]:
        """Reports whose evidence this node should seal now; nobody else is given them for a while."""
        ...

    async def sealed(self, wanted: Wanted, document: Document, at: datetime, node_id: str, fence: int | None) -> bool:
        """It lies on the shelf: `evidence_seal`. False where that was said before.

        Raises NotOwner where `fence` is not that of this node's room, or None and the room has a live owner.
        """
        ...

    async def nothing_to_seal(self, report_id: UUID) -> None:
        """Whoever was reported was not seen there."""
        ...

    async def mute(
        self,
        room_id: UUID,
        by: UUID,
        user: UUID,
        until: datetime | None,
        at: datetime,
        *,
        moderator: bool = False,
        fence: int | None = None,
    ) -> bool:
        """Nobody in the room hears or reads them until then; False: a stranger, about whom nothing is written.

        Raises NotHost, Self, RoomClosed, NotOwner.
        """
        ...

    async def unmute(
        self, room_id: UUID, by: UUID, user: UUID, at: datetime, *, moderator: bool = False, fence: int | None = None
    ) -> None:
        """The room hears them again. Raises NotHost, RoomClosed, NotOwner."""
        ...

    async def kick(
        self,
        room_id: UUID,
        by: UUID,
        user: UUID,
        at: datetime,
        *,
        seconds: int | None = None,
        moderator: bool = False,
        fence: int | None = None,
    ) -> bool:
        """End their visit there, and keep them out for a while. Raises NotHost, Self, RoomClosed, NotOwner."""
        ...
