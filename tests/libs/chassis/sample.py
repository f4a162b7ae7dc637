"""A small service in memory, with every kind of answer a service of ours gives."""

from typing import Annotated
from uuid import UUID, uuid4

from asyncpg import CannotConnectNowError
from fastapi import APIRouter, FastAPI, Query, Response
from pydantic import Field

from libs.chassis.app import create_app
from libs.chassis.auth import Me, MeOrAppellant, Moderator, Verifier
from libs.chassis.bodies import Body, Id, Whole
from libs.chassis.health import Checks
from libs.chassis.idempotency import MaybeOnce
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from libs.chassis.problems import NotFound, RateLimited
from libs.chassis.settings import Settings
from libs.eventstore.decider import Refused
from libs.eventstore.errors import Conflict, IdempotencyInFlight, IdempotencyMismatch

SECRET = "dana@example.org"


class RoomFull(Refused):
    """Every seat is taken."""


class RoomLocked(Refused):
    """The host has locked the door."""


class HostAsleep(RoomLocked):
    """Nobody is there to open."""


REFUSALS: dict[type[Refused], int] = {RoomFull: 409, RoomLocked: 423}


class NewRoom(Body):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    capacity: Annotated[int, Field(ge=2, le=1000), Whole]
    host: Id


class Room(Body):
    id: UUID
    name: str
    capacity: int


def routes() -> APIRouter:
    api, rooms = APIRouter(), dict[UUID, Room]()

    @api.get("/v1/rooms")
    async def list_rooms(paging: Paging, theme: Annotated[str | None, Query(max_length=20)] = None) -> Page[Room]:
        after = paging.after(tuple[UUID])
        found = sorted((each for each in rooms.values() if after is None or each.id > after[0]), key=lambda r: r.id)
        return paging.page(found[: paging.fetch], lambda room: room, lambda room: (room.id,))

    @api.post("/v1/rooms", status_code=201, responses=refuses(REFUSALS, IdempotencyMismatch, IdempotencyInFlight))
    async def create_room(body: NewRoom, me: Me, once: MaybeOnce) -> Room:
        room = Room(id=uuid4(), name=body.name, capacity=body.capacity)
        rooms[room.id] = room
        return room

    @api.get("/v1/rooms/{room_id}")
    async def get_room(room_id: UUID, me: MeOrAppellant) -> Room:
        if room_id not in rooms:
            raise NotFound
        return rooms[room_id]

    @api.delete("/v1/rooms/{room_id}", status_code=204)
    async def close_room(room_id: UUID, moderator: Moderator) -> Response:
        rooms.pop(room_id, None)
        return Response(status_code=204)

    @api.post("/v1/rooms/{room_id}/join", responses=refuses(REFUSALS, RoomFull, RoomLocked))
    async def join_room(room_id: UUID, me: Me) -> Room:
        if room_id not in rooms:
            raise NotFound
        if rooms[room_id].capacity % 2:
            raise RoomFull
        return rooms[room_id]

    return api


def failures() -> APIRouter:
    """Not fuzzed: here every answer is a failure, on purpose."""
    api = APIRouter()
    raised: dict[str, Exception] = {
        "refused": RoomFull(),
        "locked": HostAsleep(),
        "bare": Refused(),
        "conflict": Conflict("room-1"),
        "database": CannotConnectNowError(f"the database says {SECRET}"),
        "network": ConnectionRefusedError(SECRET),
        "bug": KeyError(SECRET),
        "limited": RateLimited(retry_after=7),
        "mismatch": IdempotencyMismatch(),
        "in_flight": IdempotencyInFlight(),
    }

    @api.get("/fail/{how}")
    async def fail(how: str) -> None:
        raise raised[how]

    return api


def sample_app(verifier: Verifier | None = None, checks: Checks | None = None, body_limit: int = 2_000) -> FastAPI:
    return create_app(
        "sample",
        [routes(), failures()] if checks is not None else [routes()],
        refusals=REFUSALS,
        verifier=verifier,
        ready_checks=checks or {},
        settings=Settings(body_limit_bytes=body_limit),
    )
