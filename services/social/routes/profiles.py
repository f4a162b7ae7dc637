"""HTTP in: profiles."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response
from pydantic import StringConstraints

from libs.chassis.answers import Statuses
from libs.chassis.auth import Me
from libs.chassis.many import Ids
from libs.chassis.openapi import refuses
from libs.chassis.pagination import MAX_LIMIT, Page, PageRequest, Paging, cursor_of
from libs.chassis.problems import FieldError, Invalid
from libs.contracts.vocabulary import Interest
from libs.eventstore.db import Pool
from services.social.deciders.refusals import NameTaken, NotFound
from services.social.profiles import Profiles
from services.social.queries import profiles as queries
from services.social.queries.profiles import Seen
from services.social.schemas.profiles import VOCABULARY, Card, OwnProfile, ProfileChange, Vocabulary, card

REFUSALS: Statuses = {NotFound: 404, NameTaken: 409}
Clock = Callable[[], datetime]

Shown = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]  # what a database may be asked for


class CardPaging(PageRequest):
    """Whoever names people wants them all, unless they say otherwise."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = MAX_LIMIT,
        cursor: Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before")] = None,
    ) -> None:
        super().__init__(limit, cursor)


def routes(profiles: Profiles, pool: Pool, clock: Clock) -> APIRouter:
    """`clock` is the wall clock, aware."""
    api = APIRouter(prefix="/v1")
    api.include_router(_own(profiles, pool, clock))
    api.include_router(_cards(profiles, pool, clock))
    return api


def _own(profiles: Profiles, pool: Pool, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/profiles", tags=["profiles"])

    @api.get("/me")
    async def get_my_profile(me: Me) -> OwnProfile:
        row = await queries.mine(pool, me.user_id)
        if row is None:  # the news of the registration is on its way
            await profiles.create(me.user_id, clock())
            row = await queries.mine(pool, me.user_id)
        if row is None:
            raise NotFound
        return OwnProfile.of(row)

    @api.patch("/me", responses=refuses(REFUSALS, NameTaken))
    async def change_my_profile(body: ProfileChange, me: Me) -> OwnProfile:
        await profiles.update(me.user_id, body.change(), clock())
        return await get_my_profile(me)

    @api.get("/vocabulary")
    async def get_vocabulary(response: Response) -> Vocabulary:
        response.headers["cache-control"] = "public, max-age=3600"
        return VOCABULARY

    return api


def _cards(profiles: Profiles, pool: Pool, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/profiles", tags=["profiles"])

    @api.get("/search", response_model=Page[Card])
    async def search_profiles(
        me: Me,
        paging: Paging,
        q: Annotated[
            str, Query(max_length=64, description="how the name begins, in any spelling that looks like it")
        ] = "",
        interests: Annotated[list[Interest] | None, Query(max_length=20, description="any of these")] = None,
    ) -> Response:
        """By name, in its order. Nobody is found who keeps their profile to friends, but by these; none by nothing."""
        after = paging.after(tuple[Shown, Shown])
        if not queries.begins(q) and not interests:
            return _json([], None)
        found, last = await queries.search(pool, me.user_id, q, interests or [], after, paging.limit)
        return _json(found, cursor_of(last) if last else None)

    @api.get("", response_model=Page[Card])
    async def list_profiles(me: Me, ids: Ids, paging: Annotated[CardPaging, Depends()]) -> Response:
        """In the order asked for; whoever is not there for you is left out."""
        asked = _after(ids, paging.after(tuple[UUID]))
        page, more = asked[: paging.limit], len(asked) > paging.limit
        found = await queries.cards(pool, me.user_id, page)
        return _json(
            [found[each] for each in map(str, page) if each in found], cursor_of((page[-1],)) if more else None
        )

    @api.get("/{user_id}", response_model=Card, responses=refuses(REFUSALS, NotFound))
    async def get_profile(user_id: UUID, me: Me) -> Response:
        found = await queries.cards(pool, me.user_id, [user_id])
        if not found:
            raise NotFound
        return _written(card(found[str(user_id)]))

    @api.post("/{user_id}/opens", status_code=204, responses=refuses(REFUSALS, NotFound))
    async def open_profile(user_id: UUID, me: Me) -> None:
        """Say that you look at this card; told once in a while, however often you say it."""
        if not await queries.may_open(pool, me.user_id, user_id):
            raise NotFound
        await profiles.open(me.user_id, user_id, clock())

    return api


def _after(asked: Sequence[UUID], last: tuple[UUID, ...] | None) -> Sequence[UUID]:
    """Those behind the last one seen."""
    if last is None:
        return asked
    if last[0] not in asked:
        raise Invalid(errors=[FieldError(pointer="#/query/cursor", detail="not a cursor of this list")])
    return asked[asked.index(last[0]) + 1 :]


def _json(found: Sequence[Seen], next_cursor: str | None) -> Response:
    return _written({"items": [card(each) for each in found], "next_cursor": next_cursor})


def _written(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
