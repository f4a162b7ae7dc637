"""HTTP in: a way into a room's voice, and what its media server tells of it."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.chassis.auth import Me
from libs.chassis.openapi import refuses
from services.rooms.deciders.refusals import Muted, NoSeat, VoiceOff
from services.rooms.routes import REFUSALS, Clock
from services.rooms.schemas_voice import LiveKitAnswer, MeshAnswer, VoiceAnswer, voice_answer
from services.rooms.service import Rooms
from services.rooms.voice.webhooks import Webhooks

BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "a WebhookEvent of LiveKit's, whose SHA-256 is in the token that comes as `Authorization`",
        "content": {"application/webhook+json": {"schema": {"type": "object"}}},
    },
}
UNSIGNED: Final[dict[int | str, dict[str, Any]]] = {401: {"description": "unauthenticated: not signed by LiveKit"}}


def voice_routes(rooms: Rooms, webhooks: Webhooks | None, clock: Clock) -> APIRouter:
    """`webhooks` is None where there is no media server."""
    api = APIRouter(prefix="/v1", tags=["rooms"])

    @api.post(
        "/rooms/{room_id}/voice/token", response_model=VoiceAnswer, responses=refuses(REFUSALS, NoSeat, Muted, VoiceOff)
    )
    async def voice_token(room_id: UUID, me: Me, response: Response) -> MeshAnswer | LiveKitAnswer:
        answer = voice_answer(await rooms.voice.admit(room_id, me.user_id, clock()))
        response.headers["cache-control"] = "no-store"
        return answer

    @api.post(
        "/voice/webhooks",
        status_code=204,
        openapi_extra=BODY,
        responses=refuses(REFUSALS, VoiceOff) | UNSIGNED,
    )
    async def voice_webhook(request: Request) -> None:
        if webhooks is None:
            raise VoiceOff
        heard = webhooks.verified(await request.body(), request.headers.get("authorization", ""))
        await webhooks.take(heard, clock())

    return api
