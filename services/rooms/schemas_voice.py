"""Shapes of HTTP: ways into a room's voice."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.rooms.voice.mesh import Mesh
from services.rooms.voice.port import Admission


class IceServerCard(BaseModel):
    """RTCIceServer."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class MeshAnswer(BaseModel):
    """Browsers connect to each other, finding themselves by `voice_signal` over the room's socket."""

    adapter: Literal["mesh"] = "mesh"
    ice_servers: list[IceServerCard]
    publishers: int = Field(description="microphones that may be open in the room at a time")
    expires_at: datetime = Field(description="of the credentials; ask again by then")


class LiveKitAnswer(BaseModel):
    """Connect with LiveKit's own client, before `expires_at`; who is connected needs no other token."""

    adapter: Literal["livekit"] = "livekit"
    url: str
    token: str = Field(description="for this seat alone: to listen, and to publish one's microphone")
    room: UUID
    identity: UUID = Field(description="one's own there: the visit. Of others `join` and `snapshot` say whose is whose")
    expires_at: datetime


VoiceAnswer = Annotated[MeshAnswer | LiveKitAnswer, Field(discriminator="adapter")]


def voice_answer(way: Mesh | Admission) -> MeshAnswer | LiveKitAnswer:
    if isinstance(way, Admission):
        return LiveKitAnswer(
            url=way.url, token=way.token, room=way.room, identity=way.identity, expires_at=way.expires_at
        )
    servers = [
        IceServerCard(urls=list(each.urls), username=each.username, credential=each.credential)
        for each in way.ice_servers
    ]
    return MeshAnswer(ice_servers=servers, publishers=way.publishers, expires_at=way.expires_at)
