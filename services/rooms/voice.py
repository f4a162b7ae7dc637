"""Voice by way of a mesh of browsers: who may speak, the servers by which they connect, and for how long they did."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.eventstore.db import Pool
from libs.eventstore.store import Store, Unit
from services.rooms.deciders.refusals import Muted, NoSeat, VoiceOff
from services.rooms.deciders.visitor import VISITOR, Speak, visitor_stream
from services.rooms.node_door import NotOwner
from services.rooms.order import MUTED
from services.rooms.sanctions import about
from services.rooms.settings import RoomsSettings

SPEAKER = """
select s.user_id, g.fence from seats s join room_guards g on g.room_id = s.room_id
where s.visit_id = $1 and s.room_id = $2 and s.state = 'seated'
"""
HEARD = "update seats set last_heartbeat = greatest(last_heartbeat, $2) where visit_id = $1"
SEAT = "select visit_id from seats where user_id = $1 and room_id = $2 and state = 'seated'"


@dataclass(frozen=True, slots=True)
class IceServer:
    """As browsers take it: RTCIceServer."""

    urls: Sequence[str]
    username: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Mesh:
    """Until `expires_at` the servers let this guest in; at most `publishers` microphones are open in a room."""

    ice_servers: Sequence[IceServer]
    publishers: int
    expires_at: datetime


class Voice:
    def __init__(self, store: Store, pool: Pool, settings: RoomsSettings) -> None:
        self._store = store
        self._pool = pool
        self._settings = settings

    async def mesh(self, room_id: UUID, user: UUID, at: datetime) -> Mesh:
        """For somebody seated there who may be heard. Raises VoiceOff, NoSeat, Muted."""
        settings = self._settings
        if settings.voice_adapter == "none":
            raise VoiceOff
        visit = await self._pool.fetchval(SEAT, user, room_id)
        if visit is None:
            raise NoSeat
        if await self._pool.fetchval(MUTED, room_id, user, at):
            raise Muted
        if any(sanction.mutes(room_id, at) for sanction in await about(self._pool, [user])):
            raise Muted
        expires_at = at + settings.voice_turn
        servers = [IceServer(settings.voice_stun_urls)] if settings.voice_stun_urls else []
        if settings.voice_turn_urls:
            servers.append(turn(settings.voice_turn_urls, settings.voice_turn_secret, visit, expires_at))
        return Mesh(servers, settings.voice_publishers, expires_at)

    async def speak(self, visit_id: UUID, room_id: UUID, at: datetime, *, publishing: bool, fence: int) -> None:
        """A microphone was opened or closed, which is a sign of life too. Nothing happens once the visit is over.

        Raises NotOwner where `fence` is no longer the room's.
        """

        async def work(unit: Unit) -> None:
            row = await unit.db.fetchrow(SPEAKER, visit_id, room_id)
            if row is None:
                return
            if row["fence"] != fence:
                raise NotOwner
            stream = await unit.load(VISITOR, visitor_stream(row["user_id"]))
            await unit.append(VISITOR, stream, VISITOR.decide(stream.state, Speak(visit_id, publishing, at)))
            await unit.db.execute(HEARD, visit_id, at)

        await self._store.run(work, at=at)


def turn(urls: Sequence[str], secret: str, visit: UUID, expires_at: datetime) -> IceServer:
    """Credentials that a TURN server with the same secret believes until then (coturn: `use-auth-secret`)."""
    username = f"{int(expires_at.timestamp())}:{visit}"
    digest = hmac.digest(secret.encode(), username.encode(), "sha1")
    return IceServer(urls, username, b64encode(digest).decode())
