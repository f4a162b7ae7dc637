"""Rooms over HTTP: every answer the surface promises."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from libs.chassis.pagination import cursor_of
from libs.contracts.social import BlockUser
from libs.safety.pairs import pair_stream
from libs.safety.replica import PAIRS
from services.rooms.sanctions import SANCTIONS
from services.rooms.seed import SYSTEM_ROOMS, seed
from tests.rooms.api import Issuer, here, issuing
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after
from tests.rooms.safety import imposed, told

PLAN = {"name": "The Blue Note", "theme": "lounge", "is_private": False, "capacity": 2, "region": "eu"}
PROBLEM = "https://virtubar.dev/problems/"
LOUNGE = str(next(iter(SYSTEM_ROOMS)))
WEB = {"device_type": "web"}


@dataclass
class Api:
    http: httpx2.AsyncClient
    issuer: Issuer
    house: House

    async def __call__(
        self, who: UUID, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> httpx2.Response:
        headers = self.issuer.headers(who) | ({"idempotency-key": key} if key else {})
        return await self.http.request(method, f"/v1/rooms{path}", json=body, headers=headers)

    async def room(self, who: UUID = ANN, **changes: Any) -> str:
        made = await self(who, "POST", "", PLAN | changes)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


@pytest.fixture
async def api(house: House) -> AsyncIterator[Api]:
    await house.node()
    async with (
        issuing() as issuer,
        here(house.urls, issuer, lambda: house.now, node_lease_seconds=600, limit_rooms_per_host=3) as http,
    ):
        yield Api(http, issuer, house)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)


async def test_a_room_is_opened_shown_changed_and_closed(api: Api) -> None:
    made = await api(ANN, "POST", "", PLAN)
    assert made.status_code == 201
    card = made.json()
    assert card == {
        **PLAN,
        "id": card["id"],
        "created_by": str(ANN),
        "created_at": "2026-02-06T21:00:00Z",
        "occupancy": 0,
        "is_locked": False,
    }
    assert (await api(BOB, "GET", f"/{card['id']}")).json() == card
    changed = await api(ANN, "PATCH", f"/{card['id']}", {"name": "The Red Door", "capacity": 3})
    assert (changed.status_code, changed.json()) == (200, card | {"name": "The Red Door", "capacity": 3})
    assert (await api(ANN, "PATCH", f"/{card['id']}", {})).json() == changed.json()
    for _ in range(2):
        assert (await api(ANN, "DELETE", f"/{card['id']}")).status_code == 204
    for method, body in (("GET", None), ("PATCH", {"capacity": 4})):
        assert problem(await api(ANN, method, f"/{card['id']}", body)) == (410, "room_closed")
    assert problem(await api(BOB, "POST", f"/{card['id']}/join", WEB)) == (410, "room_closed")


async def test_only_the_host_changes_a_room_and_nobody_the_houses_own(api: Api) -> None:
    await seed(api.house.rooms.hosting, api.house.settings, NINE)
    room = await api.room()
    for method, body in (("PATCH", {"capacity": 4}), ("DELETE", None)):
        assert problem(await api(BOB, method, f"/{room}", body)) == (403, "not_host")
        assert problem(await api(BOB, method, f"/{LOUNGE}", body)) == (409, "system_room")
        assert problem(await api(BOB, method, f"/{uuid4()}", body)) == (404, "not_found")


async def test_a_host_has_so_many_rooms_open_at_a_time(api: Api) -> None:
    rooms = [await api.room() for _ in range(3)]
    assert problem(await api(ANN, "POST", "", PLAN)) == (409, "room_quota")
    await api(ANN, "DELETE", f"/{rooms[0]}")
    await api.room()


async def test_a_repeated_creation_is_one_room(api: Api) -> None:
    first = await api(ANN, "POST", "", PLAN, key="k1")
    again = await api(ANN, "POST", "", PLAN, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert problem(await api(ANN, "POST", "", PLAN | {"capacity": 9}, key="k1")) == (422, "idempotency_mismatch")
    assert (await api(BOB, "POST", "", PLAN, key="k1")).json()["id"] != first.json()["id"]


async def test_a_join_keeps_a_seat_and_says_where_to_go(api: Api) -> None:
    room = await api.room()
    joined = await api(ANN, "POST", f"/{room}/join", WEB, key="k1")
    assert joined.status_code == 200
    assert joined.headers["cache-control"] == "no-store"
    told = joined.json()
    assert told["ws_url"] == f"ws://node-1:1/v1/rt/node-1/{room}"
    assert datetime.fromisoformat(told["expires_at"]) == after(30)
    again = (await api(ANN, "POST", f"/{room}/join", WEB, key="k1")).json()
    assert (again["visit_id"], again["ticket"] != told["ticket"]) == (told["visit_id"], True)
    assert (await api(ANN, "GET", f"/{room}")).json()["occupancy"] == 1
    renewed = (await api(ANN, "POST", f"/{room}/ticket")).json()
    assert renewed["visit_id"] == told["visit_id"]
    for _ in range(2):
        assert (await api(ANN, "POST", f"/{room}/leave")).status_code == 204
    assert problem(await api(ANN, "POST", f"/{room}/ticket")) == (410, "seat_gone")
    assert problem(await api(ANN, "POST", f"/{room}/join", WEB, key="k1")) == (410, "seat_gone")


async def test_full_private_and_unknown_rooms_say_so(api: Api) -> None:
    room, private = await api.room(), await api.room(is_private=True)
    for _ in range(2):
        assert (await api(uuid4(), "POST", f"/{room}/join", WEB)).status_code == 200
    assert problem(await api(BOB, "POST", f"/{room}/join", WEB)) == (409, "room_full")
    assert problem(await api(BOB, "POST", f"/{private}/join", WEB)) == (403, "room_private")
    assert (await api(ANN, "POST", f"/{private}/join", WEB)).status_code == 200
    assert problem(await api(BOB, "POST", f"/{uuid4()}/join", WEB)) == (404, "not_found")


async def test_without_a_node_nobody_is_seated_and_everybody_may_try_again(api: Api) -> None:
    far = await api.room(region="me")
    answer = await api(ANN, "POST", f"/{far}/join", WEB)
    assert problem(answer) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await api(ANN, "GET", f"/{far}")).json()["occupancy"] == 0


async def test_members_are_shown_to_members(api: Api) -> None:
    room = await api.room(capacity=9)
    people = [uuid4() for _ in range(3)]
    for n, person in enumerate(people):
        await api.house.seat(person, UUID(room), after(n))
    await api.house.hold(BOB, UUID(room))
    assert problem(await api(ANN, "GET", f"/{room}/members")) == (403, "not_seated")
    assert problem(await api(BOB, "GET", f"/{room}/members")) == (403, "not_seated"), "a held seat is not a seat yet"
    first = (await api(people[0], "GET", f"/{room}/members?limit=2")).json()
    rest = (await api(people[0], "GET", f"/{room}/members?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["user_id"] for item in first["items"] + rest["items"]] == [str(person) for person in people]
    assert rest["next_cursor"] is None


async def test_the_list_shows_public_open_rooms_page_by_page(api: Api) -> None:
    hosts = [uuid4() for _ in range(6)]
    rooms = []
    for n, host in enumerate(hosts):
        api.house.now = after(n)
        rooms.append(await api.room(host, theme="dance" if n % 2 else "lounge", capacity=9))
    api.house.now = after(10)
    await api(hosts[0], "DELETE", f"/{rooms[0]}")
    await api.room(is_private=True)
    for crowd, room in ((2, rooms[3]), (1, rooms[1])):
        for _ in range(crowd):
            await api.house.hold(uuid4(), UUID(room), after(10))

    async def pages(query: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = (await api(BOB, "GET", f"?limit=2&{query}{cursor}")).json()
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert await pages("") == rooms[:0:-1]
    assert await pages("theme=dance") == [rooms[5], rooms[3], rooms[1]]
    assert await pages("region=me") == []
    busiest = await pages("sort=busiest")
    assert (busiest[:2], set(busiest)) == ([rooms[3], rooms[1]], set(rooms[1:]))
    assert (await api(BOB, "GET", f"?sort=busiest&cursor={cursor_of((2**31, uuid4()))}")).status_code == 200
    newest_cursor = (await api(BOB, "GET", "?limit=1")).json()["next_cursor"]
    assert problem(await api(BOB, "GET", f"?sort=busiest&cursor={newest_cursor}")) == (422, "invalid")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", PLAN | {"capacity": 1}),
        ("POST", "", PLAN | {"capacity": 1001}),
        ("POST", "", PLAN | {"theme": "casino"}),
        ("POST", "", PLAN | {"name": "  "}),
        ("POST", "", PLAN | {"name": "x" * 81}),
        ("POST", "", PLAN | {"name": "Ba\u0336\u0322\u0335r"}),
        ("POST", "", PLAN | {"name": "\u202eBar"}),
        ("POST", "", PLAN | {"owner": "me"}),
        ("POST", "/not-a-uuid/join", WEB),
        ("POST", f"/{LOUNGE}/join", {"device_type": "toaster"}),
        ("POST", f"/{LOUNGE}/join", {}),
        ("GET", "?limit=0", None),
        ("GET", "?limit=101", None),
        ("GET", "?cursor=nonsense", None),
        ("GET", "?sort=name", None),
    ],
)
async def test_what_does_not_fit_is_invalid(api: Api, method: str, path: str, body: Any) -> None:
    assert problem(await api(ANN, method, path, body)) == (422, "invalid")


async def test_everything_takes_a_token(api: Api) -> None:
    room = await api.room()
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{room}"),
        ("PATCH", f"/{room}"),
        ("DELETE", f"/{room}"),
        ("GET", f"/{room}/members"),
        ("POST", f"/{room}/join"),
        ("POST", f"/{room}/ticket"),
        ("POST", f"/{room}/leave"),
    ):
        answer = await api.http.request(method, f"/v1/rooms{path}", json={} if method in ("POST", "PATCH") else None)
        assert problem(answer) == (401, "unauthenticated"), (method, path)


async def test_the_members_list_leaves_out_who_is_in_a_block_and_the_number_does_not(api: Api) -> None:
    room, cem = await api.room(capacity=9), uuid4()
    for user in (ANN, BOB, cem):
        await api.house.seat(user, UUID(room))
    block = told(BlockUser(blocker_user_id=BOB, blocked_user_id=ANN), stream=pair_stream(ANN, BOB))
    async with api.house.pool.acquire() as db:
        await PAIRS.apply(db, block)

    async def listed(who: UUID) -> set[str]:
        return {member["user_id"] for member in (await api(who, "GET", f"/{room}/members")).json()["items"]}

    assert await listed(ANN) == {str(ANN), str(cem)}
    assert await listed(BOB) == {str(BOB), str(cem)}
    assert await listed(cem) == {str(ANN), str(BOB), str(cem)}
    assert (await api(ANN, "GET", f"/{room}")).json()["occupancy"] == 3


async def test_who_is_blocked_may_join_and_who_is_banned_may_not(api: Api) -> None:
    room, ban = await api.room(capacity=9), imposed("room_ban", BOB, until=after(60))
    ban = ban.model_copy(update={"room_id": UUID(room)})
    async with api.house.pool.acquire() as db:
        block = BlockUser(blocker_user_id=ANN, blocked_user_id=BOB)
        await PAIRS.apply(db, told(block, stream=pair_stream(ANN, BOB)))
        assert (await api(BOB, "POST", f"/{room}/join", WEB)).status_code == 200
        await SANCTIONS.apply(db, told(ban))
    assert problem(await api(BOB, "POST", f"/{room}/join", WEB)) == (403, "room_banned")
    assert problem(await api(BOB, "POST", f"/{room}/ticket")) == (403, "room_banned")
    api.house.now = after(61)
    assert (await api(BOB, "POST", f"/{room}/join", WEB)).status_code == 200


async def test_a_seat_remembers_when_its_session_began_not_when_the_token_was_issued(api: Api) -> None:
    """Or a token from a refresh that raced a revocation would keep its seat."""
    signed_in, room = datetime(2026, 2, 6, 8, tzinfo=UTC), await api.room(BOB)
    headers = api.issuer.headers(ANN, auth_time=signed_in.timestamp())
    joined = await api.http.post(f"/v1/rooms/{room}/join", json=WEB, headers=headers)
    assert joined.status_code == 200
    assert await api.house.pool.fetchval("select issued_at from seats where user_id = $1", ANN) == signed_in
