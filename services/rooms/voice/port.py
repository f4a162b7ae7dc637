"""The port: who may speak here and by which way, and for how long they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.eventstore.db import Pool
from libs.eventstore.store import Store, Unit
from services.rooms.deciders.refusals import Muted, NoSeat, VoiceOff
from services.rooms.deciders.visiting import Speak, Tell
from services.rooms.deciders.visitor import VISITOR, visitor_stream
from services.rooms.node_door import NotOwner
from services.rooms.settings import RoomsSettings
from services.rooms.voice.livekit import token
from services.rooms.voice.mesh import Mesh, mesh
from services.rooms.voice.rules import is_silent
from services.rooms.voice.words import Word

SPEAKER = """
select s.user_id, g.fence from seats s join room_guards g on g.room_id = s.room_id
where s.visit_id = $1 and s.room_id = $2 and s.state = 'seated'
"""
HEARD = "update seats set last_heartbeat = greatest(last_heartbeat, $2) where visit_id = $1"
SEAT = "select visit_id from seats where user_id = $1 and room_id = $2 and state = 'seated'"
VISITOR_OF = "select user_id from seats where visit_id = $1 and room_id = $2 and state = 'seated'"


@dataclass(frozen=True, slots=True)
class Admission:
    """A way into a LiveKit room for one seat: to be used before `expires_at`; who is in needs no other."""

    url: str
    token: str
    room: UUID
    identity: UUID
    expires_at: datetime


class Voice:
    def __init__(self, store: Store, pool: Pool, settings: RoomsSettings) -> None:
        self._store = store
        self._pool = pool
        self._settings = settings

    async def admit(self, room_id: UUID, user: UUID, at: datetime) -> Mesh | Admission:
        """For somebody seated there who may be heard. Raises VoiceOff, NoSeat, Muted."""
        settings = self._settings
        if settings.voice_adapter == "none":
            raise VoiceOff
        visit: UUID | None = await self._pool.fetchval(SEAT, user, room_id)
        if visit is None:
            raise NoSeat
        if await is_silent(self._pool, room_id, user, at):
            raise Muted
        if settings.voice_adapter == "mesh":
            return mesh(settings, visit, at)
        expires_at = at + timedelta(seconds=settings.livekit_token_seconds)
        return Admission(settings.livekit_public_url, token(settings, room_id, visit), room_id, visit, expires_at)

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


async def write_down(unit: Unit, room: UUID, visit: UUID, words: Sequence[Word]) -> int:
    """What a media server said of one visit in this room: how much of it was news. Nothing once the visit is over.

    It takes no fence, for no node is asked; and it is no sign of life, for the seat is not where the sound is.
    """
    user = await unit.db.fetchval(VISITOR_OF, visit, room)
    if user is None:
        return 0
    stream = await unit.load(VISITOR, visitor_stream(user))
    news = 0
    for word in words:
        said = VISITOR.decide(stream.state, Tell(visit, word.track, word.publishing, word.at, word.guessed))
        stream = await unit.append(VISITOR, stream, said)
        news += len(said)
    return news
