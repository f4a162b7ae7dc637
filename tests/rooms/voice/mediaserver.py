"""LiveKit's room service, as far as the house asks it: for its faults, and because no package index has the server.

It speaks Twirp over HTTP with LiveKit's own messages, checks the tokens LiveKit's own package makes, and keeps rooms as
the real server does: removing ends a participant, taking the right to publish ends what they publish.
"""

from base64 import b64encode
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from aiohttp import web
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from livekit.api import AccessToken, TokenVerifier
from livekit.protocol.models import ParticipantInfo, Room, TrackInfo, TrackSource, TrackType
from livekit.protocol.room import (
    ListParticipantsRequest,
    ListParticipantsResponse,
    ListRoomsRequest,
    ListRoomsResponse,
    RemoveParticipantResponse,
    RoomParticipantIdentity,
    UpdateParticipantRequest,
    UpdateSubscriptionsRequest,
    UpdateSubscriptionsResponse,
)
from livekit.protocol.webhook import WebhookEvent

KEY, SECRET = "devkey", "a secret of the two that is long enough"
Call = tuple[str, Message]


@dataclass
class MediaServer:
    """`rooms`: participants by identity, by room. `away`: it answers 503. `calls`: what it was told, in order."""

    url: str = ""
    away: bool = False
    rooms: dict[str, dict[str, ParticipantInfo]] = field(default_factory=lambda: defaultdict(dict))
    deaf: set[tuple[str, str]] = field(default_factory=set)  # listener's identity, track
    calls: list[Call] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "voice_adapter": "livekit",
            "livekit_url": self.url,
            "livekit_public_url": self.url.replace("http", "ws"),
            "livekit_api_key": KEY,
            "livekit_api_secret": SECRET,
        }

    def come(self, room: UUID, visit: UUID, *tracks: str, opened: float = 0) -> ParticipantInfo:
        """Somebody is in, and publishes these."""
        who = ParticipantInfo(sid=f"PA_{visit.hex[-6:]}", identity=str(visit))
        who.permission.can_subscribe = who.permission.can_publish = True
        for track in tracks:
            info = TrackInfo(sid=track, type=TrackType.AUDIO, source=TrackSource.MICROPHONE)
            info.version.unix_micro = int(opened * 1e6)
            who.tracks.append(info)
        self.rooms[str(room)][str(visit)] = who
        return who

    def present(self, room: UUID) -> set[str]:
        return set(self.rooms[str(room)])

    def told(self, method: str) -> list[Message]:
        return [message for name, message in self.calls if name == method]

    async def answer(self, request: web.Request) -> web.Response:
        if self.away:
            return web.json_response({"code": "unavailable", "msg": "away"}, status=503)
        claims = TokenVerifier(KEY, SECRET).verify(request.headers["authorization"].removeprefix("Bearer "))
        assert claims.video
        method = request.match_info["method"]
        body = await request.read()
        match method:
            case "ListRooms":
                assert claims.video.room_list
                asked: Message = ListRoomsRequest.FromString(body)
                reply: Message | None = ListRoomsResponse(rooms=[Room(name=name) for name in self.rooms])
            case "ListParticipants":
                asked = ListParticipantsRequest.FromString(body)
                assert claims.video.room_admin
                assert claims.video.room == asked.room
                there = self.rooms.get(asked.room)
                reply = None if there is None else ListParticipantsResponse(participants=list(there.values()))
            case "RemoveParticipant":
                asked = RoomParticipantIdentity.FromString(body)
                gone = self.rooms[asked.room].pop(asked.identity, None)
                reply = RemoveParticipantResponse() if gone else None
            case "UpdateParticipant":
                asked = UpdateParticipantRequest.FromString(body)
                if reply := self.rooms[asked.room].get(asked.identity):
                    reply.permission.CopyFrom(asked.permission)
                    if not asked.permission.can_publish:
                        del reply.tracks[:]
            case "UpdateSubscriptions":
                asked = UpdateSubscriptionsRequest.FromString(body)
                pairs = {(asked.identity, track) for track in asked.track_sids}
                self.deaf = self.deaf - pairs if asked.subscribe else self.deaf | pairs
                reply = UpdateSubscriptionsResponse() if asked.identity in self.rooms[asked.room] else None
            case _:
                return web.json_response({"code": "bad_route", "msg": method}, status=404)
        self.calls.append((method, asked))
        if reply is None:
            return web.json_response({"code": "not_found", "msg": "nobody of that name"}, status=404)
        return web.Response(body=reply.SerializeToString(), content_type="application/protobuf")


def signed(event: WebhookEvent, *, key: str = KEY, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """Body and headers, as LiveKit sends them."""
    body = MessageToJson(event, indent=None)
    digest = b64encode(sha256(body.encode()).digest()).decode()
    token = AccessToken(key, secret).with_sha256(digest).with_ttl(timedelta(minutes=5)).to_jwt()
    return body.encode(), {"authorization": token, "content-type": "application/webhook+json"}


@asynccontextmanager
async def media_server() -> AsyncIterator[MediaServer]:
    server = MediaServer()
    app = web.Application()
    app.router.add_post("/twirp/livekit.RoomService/{method}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()
