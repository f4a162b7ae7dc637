"""Friends, blocks and mutes over HTTP: every answer the surface promises."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from libs.chassis.pagination import cursor_of
from services.social.__main__ import compose
from services.social.settings import SocialSettings
from tests.api import Issuer, answering, issuing, told
from tests.conftest import Database
from tests.social.circle import ANN, BOB, CEM, DEA, NINE, Circle, after, circle_at

PROBLEM = "https://virtubar.dev/problems/"
LISTS = ("friends", "blocks", "mutes")
MISFITS = {
    "/friends?status=best": "#/query/status",
    "/friends?limit=0": "#/query/limit",
    "/friends?cursor=x": "#/query/cursor",
    f"/blocks?cursor={cursor_of((1, 2))}": "#/query/cursor",
    "/mutes?limit=101": "#/query/limit",
}


@dataclass
class Api:
    http: httpx2.AsyncClient
    issuer: Issuer
    circle: Circle
    clock: list[datetime] = field(default_factory=lambda: [NINE])

    async def __call__(self, who: UUID, method: str, path: str) -> httpx2.Response:
        return await self.http.request(method, f"/v1{path}", headers=self.issuer.headers(who))

    async def asks(self, who: UUID, other: UUID) -> Any:
        answer = await self(who, "PUT", f"/friends/{other}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def does(self, who: UUID, method: str, path: str) -> None:
        answer = await self(who, method, path)
        assert (answer.status_code, answer.content) == (204, b"")

    async def items(self, who: UUID, path: str) -> list[tuple[Any, ...]]:
        """All pages of a list: the people and how they stand."""
        found: list[tuple[Any, ...]] = []
        cursor = ""
        while True:
            answer = (await self(who, "GET", f"{path}{'&' if '?' in path else '?'}limit=2{cursor}")).json()
            for item in answer["items"]:
                found.append((UUID(item["user_id"]), item.get("status"), item.get("direction")))
            if answer["next_cursor"] is None:
                return found
            assert len(answer["items"]) == 2
            cursor = f"&cursor={answer['next_cursor']}"


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with circle_at(await database("social")) as circle, issuing() as issuer:
        await circle.known(ANN, BOB, CEM, DEA)
        clock = [NINE]
        limits = {"limit_friends": 5, "limit_friend_requests_an_hour": 10}
        settings = SocialSettings(**told(circle.urls, issuer, **limits))
        async with compose(settings, ["api"], lambda: clock[0]) as parts, answering(parts) as http:
            yield Api(http, issuer, circle, clock)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)


async def test_two_become_friends_and_part(api: Api) -> None:
    assert await api.asks(ANN, BOB) == {"status": "pending"}
    assert await api.asks(ANN, BOB) == {"status": "pending"}
    assert await api.items(ANN, "/friends") == [(BOB, "pending", "outgoing")]
    assert await api.items(BOB, "/friends?status=pending") == [(ANN, "pending", "incoming")]
    assert await api.items(BOB, "/friends?status=accepted") == []
    assert await api.asks(BOB, ANN) == {"status": "accepted"}
    assert await api.asks(ANN, BOB) == {"status": "accepted"}
    for one, other in ((ANN, BOB), (BOB, ANN)):
        for status in ("", "?status=accepted"):
            assert await api.items(one, f"/friends{status}") == [(other, "accepted", None)]
        assert await api.items(one, "/friends?status=pending") == []
    for _ in range(2):
        await api.does(BOB, "DELETE", f"/friends/{ANN}")
    assert await api.items(ANN, "/friends") == []


async def test_lists_come_in_pages_newest_first_and_survive_what_comes_meanwhile(api: Api) -> None:
    others = await api.circle.people(5)
    for n, other in enumerate(others):
        await api.circle.friends(ANN, other, after(n // 2))  # some at one moment
    await api.circle.pairs.befriend(BOB, ANN, after(9))
    first = (await api(ANN, "GET", "/friends?limit=3")).json()
    await api.circle.pairs.befriend(DEA, ANN, after(10))
    rest = (await api(ANN, "GET", f"/friends?limit=3&cursor={first['next_cursor']}")).json()
    assert UUID(first["items"][0]["user_id"]) == BOB
    seen = [UUID(each["user_id"]) for each in first["items"] + rest["items"]]
    assert sorted(seen) == sorted([*others, BOB])
    times = [each["created_at"] for each in first["items"] + rest["items"]]
    assert times == sorted(times, reverse=True)
    assert rest["next_cursor"] is None
    assert [each[0] for each in await api.items(ANN, "/friends?status=accepted")] == [
        each for each in seen if each != BOB
    ]
    assert [each[0] for each in await api.items(ANN, "/friends?status=pending")] == [DEA, BOB]


async def test_blocks_and_mutes_are_listed_and_taken_back(api: Api) -> None:
    for what in ("blocks", "mutes"):
        for n, other in enumerate((BOB, CEM, DEA)):
            api.clock[0] = after(n)
            for _ in range(2):
                await api.does(ANN, "PUT", f"/{what}/{other}")
        assert [each[0] for each in await api.items(ANN, f"/{what}")] == [DEA, CEM, BOB]
        assert await api.items(BOB, f"/{what}") == []
        for _ in range(2):
            await api.does(ANN, "DELETE", f"/{what}/{CEM}")
        assert [each[0] for each in await api.items(ANN, f"/{what}")] == [DEA, BOB]


async def test_a_blocked_person_finds_nobody_and_is_not_told_why(api: Api) -> None:
    await api.asks(ANN, BOB)
    await api.asks(BOB, ANN)
    await api.does(ANN, "PUT", f"/blocks/{BOB}")
    absent = await api(BOB, "PUT", f"/friends/{uuid4()}")
    for one, other in ((ANN, BOB), (BOB, ANN)):
        assert await api.items(one, "/friends") == []
        for method in ("PUT", "GET"):
            answer = await api(one, method, f"/friends/{other}")
            assert problem(answer) == (404, "not_found")
        refused = await api(one, "PUT", f"/friends/{other}")
        told_both = [{**each.json(), "request_id": ""} for each in (refused, absent)]
        assert told_both[0] == told_both[1]
    assert await api.items(BOB, "/blocks") == []
    await api.does(ANN, "DELETE", f"/blocks/{BOB}")
    assert await api.asks(BOB, ANN) == {"status": "pending"}


async def test_oneself_is_no_friend_and_no_foe(api: Api) -> None:
    for what, method in product(LISTS, ("PUT", "DELETE")):
        assert problem(await api(ANN, method, f"/{what}/{ANN}")) == (409, "self")


async def test_nobody_is_not_found_but_may_be_taken_back(api: Api) -> None:
    nobody = uuid4()
    for what in ("friends", "blocks", "mutes"):
        assert problem(await api(ANN, "PUT", f"/{what}/{nobody}")) == (404, "not_found")
        await api.does(ANN, "DELETE", f"/{what}/{nobody}")
    assert problem(await api(ANN, "GET", f"/friends/{nobody}")) == (404, "not_found")
    assert problem(await api(ANN, "GET", f"/friends/{ANN}")) == (404, "not_found")


async def test_limits_have_their_problems(api: Api) -> None:
    others = await api.circle.people(12)
    for other in others[:5]:
        await api.asks(other, ANN)
        await api.asks(ANN, other)
    await api.asks(others[5], ANN)
    for other in others[5:7]:
        assert problem(await api(ANN, "PUT", f"/friends/{other}")) == (409, "friend_limit")
    for other in others[:10]:
        await api.asks(BOB, other)
    answer = await api(BOB, "PUT", f"/friends/{others[10]}")
    assert problem(answer) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) == 360
    api.clock[0] = after(360)
    assert await api.asks(BOB, others[10]) == {"status": "pending"}


async def test_one_is_told_how_somebody_stands_and_how_many_friends_one_shares(api: Api) -> None:
    shared = await api.circle.people(3)
    for other in shared:
        await api.circle.friends(BOB, other)
    for other in shared[:2]:
        await api.circle.friends(ANN, other)
    await api.circle.pairs.befriend(ANN, shared[2], NINE)  # not yet

    async def told(who: UUID, other: UUID) -> dict[str, Any]:
        answer: dict[str, Any] = (await api(who, "GET", f"/friends/{other}")).json()
        assert UUID(answer.pop("user_id")) == other
        return answer

    nothing = {"status": "none", "direction": None, "created_at": None, "mutual_friends": 2}
    since = NINE.isoformat().replace("+00:00", "Z")
    assert await told(ANN, BOB) == nothing
    await api.asks(ANN, BOB)
    assert await told(ANN, BOB) == {**nothing, "status": "pending", "direction": "outgoing", "created_at": since}
    assert await told(BOB, ANN) == {**nothing, "status": "pending", "direction": "incoming", "created_at": since}
    await api.asks(BOB, ANN)
    assert await told(BOB, ANN) == {**nothing, "status": "accepted", "created_at": since}


async def test_limited_people_tell_their_friends_alone_whom_they_share(api: Api) -> None:
    await api.circle.known(BOB, privacy="limited")
    await api.circle.friends(BOB, CEM)
    await api.circle.friends(ANN, CEM)
    assert (await api(ANN, "GET", f"/friends/{BOB}")).json()["mutual_friends"] is None
    await api.circle.friends(ANN, BOB)
    assert (await api(ANN, "GET", f"/friends/{BOB}")).json()["mutual_friends"] == 1


async def test_what_does_not_fit_is_named(api: Api) -> None:
    for path, pointer in MISFITS.items():
        answer = await api(ANN, "GET", path)
        assert problem(answer) == (422, "invalid")
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


async def test_ids_are_uuids_and_nobody_comes_without_a_token(api: Api) -> None:
    for what, method in product(LISTS, ("PUT", "DELETE")):
        assert problem(await api(ANN, method, f"/{what}/me")) == (422, "invalid")
        assert problem(await api.http.request(method, f"/v1/{what}/{BOB}")) == (401, "unauthenticated")
    for what in LISTS:
        assert problem(await api.http.get(f"/v1/{what}")) == (401, "unauthenticated")
