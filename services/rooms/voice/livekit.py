"""LiveKit: what lets somebody in, and what its server is told and asked. Trying again is the caller's."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

import aiohttp
from livekit.api import AccessToken, LiveKitAPI, ServerError, VideoGrants
from livekit.protocol.models import ParticipantPermission, TrackSource
from livekit.protocol.room import (
    ListParticipantsRequest,
    ListRoomsRequest,
    RoomParticipantIdentity,
    UpdateParticipantRequest,
    UpdateSubscriptionsRequest,
)
from prometheus_client import Counter

from services.rooms.settings import RoomsSettings
from services.rooms.voice.orders import Attend, Order, Permit, Remove
from services.rooms.voice.words import Participant, id_of, participant_of

T = TypeVar("T")
NOT_FOUND: Final = "not_found"
CALLS: Final = Counter("virtubar_voice_calls", "calls to the media server", ["call", "outcome"])


class MediaAway(ConnectionError):
    """The media server did not answer, or not with an answer. Nothing of rooms waits for it."""


class LiveKit:
    """The server's room service. All raise MediaAway."""

    def __init__(self, api: LiveKitAPI) -> None:
        self._room = api.room

    async def rooms(self) -> set[UUID]:
        """Rooms of ours that somebody is in."""
        listed = await _called("list_rooms", self._room.list_rooms(ListRoomsRequest()))
        found = {id_of(room.name) for room in listed.rooms} if listed else set()
        return {each for each in found if each is not None}

    async def present(self, room: UUID) -> list[Participant]:
        """Who is in there, but for those who are invisible to all."""
        asked = self._room.list_participants(ListParticipantsRequest(room=str(room)))
        listed = await _called("list_participants", asked)
        return [participant_of(each) for each in listed.participants] if listed else []

    async def obey(self, room: UUID, order: Order) -> None:
        """Once, or any number of times. Whoever is not there needs no order."""
        match order:
            case Remove(identity):
                asked = RoomParticipantIdentity(room=str(room), identity=identity)
                await _called("remove", self._room.remove_participant(asked))
            case Permit(identity, publish):
                permission = ParticipantPermission(
                    can_subscribe=True,
                    can_publish=publish,
                    can_publish_sources=[TrackSource.MICROPHONE] if publish else [],
                )
                update = UpdateParticipantRequest(room=str(room), identity=identity, permission=permission)
                await _called("permit", self._room.update_participant(update))
            case Attend(listener, tracks, hear):
                subscribe = UpdateSubscriptionsRequest(
                    room=str(room), identity=listener, track_sids=tracks, subscribe=hear
                )
                await _called("attend", self._room.update_subscriptions(subscribe))


async def _called(call: str, answer: Awaitable[T]) -> T | None:
    """None: there is nobody, or no room, of that name."""
    try:
        found = await answer
    except ServerError as error:
        if error.code == NOT_FOUND:
            CALLS.labels(call, "absent").inc()
            return None
        CALLS.labels(call, "refused").inc()
        raise MediaAway(f"{call}: {error.code}") from None
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        CALLS.labels(call, "away").inc()
        raise MediaAway(f"{call}: {type(error).__name__}") from None
    CALLS.labels(call, "done").inc()
    return found


@asynccontextmanager
async def livekit(settings: RoomsSettings) -> AsyncIterator[LiveKit | None]:
    """None where the house's voice is another one's business."""
    if settings.voice_adapter != "livekit":
        yield None
        return
    timeout = aiohttp.ClientTimeout(total=settings.livekit_timeout_seconds)
    key, secret = settings.livekit_api_key, settings.livekit_api_secret
    async with LiveKitAPI(settings.livekit_url, key, secret, timeout=timeout, failover=False) as api:
        yield LiveKit(api)


def token(settings: RoomsSettings, room: UUID, visit: UUID) -> str:
    """For one seat: to listen, and to publish a microphone. It says nothing of the person, not even who it is."""
    grants = VideoGrants(
        room_join=True,
        room=str(room),
        can_publish=True,
        can_publish_sources=["microphone"],
        can_publish_data=False,
        can_update_own_metadata=False,
    )
    made = AccessToken(settings.livekit_api_key, settings.livekit_api_secret)
    made.with_identity(str(visit)).with_grants(grants).with_ttl(timedelta(seconds=settings.livekit_token_seconds))
    return str(made.to_jwt())
