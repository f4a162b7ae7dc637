"""Profiles over HTTP: every answer the surface promises."""

import asyncio
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx2

from libs.chassis.pagination import cursor_of
from libs.contracts.identity import UserReinstate, UserSuspend
from libs.contracts.vocabulary import AvatarId
from libs.safety.standings import STANDINGS
from tests.social.conftest import Api
from tests.social.house import ANN, BOB, CLEO, House, after, heard

PROBLEM = "https://virtubar.dev/problems/"
FULL = {
    "display_name": "Ann Lee",
    "bio": "Comes for the jazz.\nStays for the dance.",
    "avatar_id": "luna",
    "avatar_config": {"hair": "bob", "hat": "fedora"},
    "interests": ["dance", "music-jazz"],
    "locale": "he",
    "privacy_level": "public",
}


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)


async def test_a_profile_is_there_before_the_news_of_its_owner_and_has_a_name_of_two_words(api: Api) -> None:
    first = await api(ANN, "GET", "/profiles/me")
    assert first.status_code == 200
    profile = first.json()
    assert len(profile["display_name"].split()) == 2
    assert profile == {
        "user_id": str(ANN),
        "display_name": profile["display_name"],
        "bio": None,
        "avatar_id": profile["avatar_id"],
        "avatar_config": {},
        "interests": [],
        "locale": "en",
        "privacy_level": "public",
        "created_at": "2026-02-06T21:00:00Z",
        "updated_at": "2026-02-06T21:00:00Z",
        "profile_version": 1,
    }
    assert (await api(ANN, "GET", "/profiles/me")).json() == profile
    assert await api.house.story(f"profile-{ANN}") == ["profile_create"]


async def test_a_profile_is_changed_as_far_as_it_is_said_and_only_if_anything_changes(api: Api) -> None:
    changed = await api(ANN, "PATCH", "/profiles/me", FULL)
    assert changed.status_code == 200, changed.text
    assert changed.json() | FULL == changed.json()
    assert changed.json()["profile_version"] == 2
    api.house.now = after(5)
    for nothing in ({}, FULL, {"display_name": None, "bio": None}, {"interests": ["music-jazz", "dance", "dance"]}):
        assert (await api(ANN, "PATCH", "/profiles/me", nothing)).json() == changed.json()
    assert await api.house.story(f"profile-{ANN}") == ["profile_create", "profile_update"]
    less = (await api(ANN, "PATCH", "/profiles/me", {"bio": "", "avatar_config": {}})).json()
    assert (less["bio"], less["avatar_config"], less["display_name"]) == (None, {}, "Ann Lee")
    assert (less["updated_at"], less["created_at"]) == ("2026-02-06T21:00:05Z", "2026-02-06T21:00:00Z")


async def test_what_is_personal_is_neither_in_the_log_nor_in_the_state(api: Api) -> None:
    await api(ANN, "PATCH", "/profiles/me", FULL | {"bio": "canary-bio", "display_name": "Canary Name"})
    stored = await api.house.pool.fetch(
        "select data::text as said from events union all select state::text from streams"
    )
    assert stored
    for row in stored:
        assert not any(word in row["said"].lower() for word in ("canary", "name_skeleton", "display_name"))


async def test_changes_at_the_same_time_lose_nothing_of_one_another(api: Api) -> None:
    await api.house.person("Ann", ANN, avatar_id="ace")
    changes = [
        {"bio": "Hello."},
        {"locale": "fr"},
        {"display_name": "Anna"},
        {"interests": ["tea"]},
        {"avatar_id": "kai"},
    ]
    answers = await asyncio.gather(*(api(ANN, "PATCH", "/profiles/me", each) for each in changes))
    assert {answer.status_code for answer in answers} == {200}
    profile = (await api(ANN, "GET", "/profiles/me")).json()
    for change in changes:
        assert profile | change == profile
    assert profile["profile_version"] == 2 + len(changes)


async def test_the_vocabulary_is_open_and_holds_what_a_profile_may_say(api: Api) -> None:
    answer = await api.http.get("/v1/profiles/vocabulary")
    assert answer.status_code == 200
    said = answer.json()
    assert {each["id"] for each in said["avatars"]} == set(get_args(AvatarId))
    assert "music-jazz" in said["interests"]
    assert "he" in said["locales"]
    assert said["avatar_config"]["properties"]["hat"]


async def test_a_card_shows_what_its_owner_shows_and_nobody_who_is_not_there(api: Api) -> None:
    await api(ANN, "PATCH", "/profiles/me", FULL)
    await api.house.person(user=BOB)
    card = (await api(BOB, "GET", f"/profiles/{ANN}")).json()
    assert card == {**FULL, "user_id": str(ANN), "profile_version": 2}
    assert problem(await api(BOB, "GET", f"/profiles/{uuid4()}")) == (404, "not_found")
    await api(ANN, "PATCH", "/profiles/me", {"privacy_level": "limited"})
    hidden = {"bio": None, "interests": None, "locale": None}
    limited = card | {"privacy_level": "limited", "profile_version": 3}
    assert (await api(BOB, "GET", f"/profiles/{ANN}")).json() == limited | hidden
    assert (await api(ANN, "GET", f"/profiles/{ANN}")).json() == limited
    await api.house.befriended(ANN, BOB)
    assert (await api(BOB, "GET", f"/profiles/{ANN}")).json() == limited


async def suspend(house: House, user: UUID, version: int, *, over: bool = False) -> None:
    event = UserReinstate(user_id=user) if over else UserSuspend(user_id=user, sanction_id=uuid4())
    async with house.pool.acquire() as db:
        await STANDINGS.apply(db, heard(event, version))


async def found(api: Api, who: UUID, query: str) -> list[str]:
    answer = await api(who, "GET", f"/profiles/search?{query}")
    assert answer.status_code == 200, answer.text
    return [each["user_id"] for each in answer.json()["items"]]


async def reached(api: Api, who: UUID, whom: UUID, name: str) -> list[bool]:
    """By card, among cards, by search, by looking."""
    card = (await api(who, "GET", f"/profiles/{whom}")).status_code == 200
    listed = bool((await api(who, "GET", f"/profiles?ids={whom}")).json()["items"])
    searched = str(whom) in await found(api, who, f"q={name}")
    opened = (await api(who, "POST", f"/profiles/{whom}/opens")).status_code == 204
    return [card, listed, searched, opened]


async def test_whoever_is_blocked_is_not_there_either_way_until_it_ends(api: Api) -> None:
    ann, bob = await api.house.person("Ann"), await api.house.person("Bob")
    await api.house.befriended(ann, bob)
    await api.house.social.pairs.block(ann, bob, after(1))
    assert [*await reached(api, ann, bob, "bob"), *await reached(api, bob, ann, "ann")] == [False] * 8
    assert await api.house.story(f"viewer-{bob}") == []
    await api.house.social.pairs.unblock(ann, bob, after(2))
    assert [*await reached(api, ann, bob, "bob"), *await reached(api, bob, ann, "ann")] == [True] * 8


async def test_whoever_is_suspended_is_not_there_for_others_until_it_ends(api: Api) -> None:
    ann, bob = await api.house.person("Ann"), await api.house.person("Bob")
    await suspend(api.house, ann, 3)
    assert await reached(api, bob, ann, "ann") == [False] * 4
    assert (await api(ann, "GET", f"/profiles/{ann}")).status_code == 200
    await suspend(api.house, ann, 2, over=True)  # the end of an earlier one, heard late
    assert await reached(api, bob, ann, "ann") == [False] * 4
    await suspend(api.house, ann, 4, over=True)
    assert await reached(api, bob, ann, "ann") == [True] * 4


async def test_cards_come_in_the_order_asked_for_and_by_pages_where_that_is_wanted(api: Api) -> None:
    people = [await api.house.person(f"Person {n}") for n in range(5)]
    stranger = uuid4()
    await api.house.person(user=ANN)
    await api.house.social.pairs.block(people[3], ANN, after(1))
    asked = [*reversed(people), stranger, people[0]]
    page = (await api(ANN, "GET", f"/profiles?ids={','.join(map(str, asked))}")).json()
    assert [each["user_id"] for each in page["items"]] == [str(people[n]) for n in (4, 2, 1, 0)]
    assert page["next_cursor"] is None
    query = "&".join(f"ids={each}" for each in asked)
    first = (await api(ANN, "GET", f"/profiles?{query}&limit=2")).json()
    assert [each["user_id"] for each in first["items"]] == [str(people[4])]
    rest = (await api(ANN, "GET", f"/profiles?{query}&limit=100&cursor={first['next_cursor']}")).json()
    assert [each["user_id"] for each in rest["items"]] == [str(people[n]) for n in (2, 1, 0)]
    elsewhere = f"ids={stranger}&cursor={first['next_cursor']}"
    assert problem(await api(ANN, "GET", f"/profiles?{elsewhere}")) == (422, "invalid")
    many = "&".join(f"ids={uuid4()}" for _ in range(100))
    assert (await api(ANN, "GET", f"/profiles?{many}")).json()["items"] == []
    assert problem(await api(ANN, "GET", f"/profiles?{many}&ids={uuid4()}")) == (422, "invalid")
    assert problem(await api(ANN, "GET", "/profiles")) == (422, "invalid")


async def test_a_look_is_told_once_in_ten_minutes_for_each_viewer_and_profile(api: Api) -> None:
    for person in (ANN, BOB, CLEO):
        await api.house.person(user=person)
    looks = [(ANN, BOB, 0), (ANN, BOB, 599), (ANN, CLEO, 599), (BOB, ANN, 599), (ANN, BOB, 600), (ANN, ANN, 601)]
    for viewer, profile, at in looks:
        api.house.now = after(at)
        assert (await api(viewer, "POST", f"/profiles/{profile}/opens")).status_code == 204
    told = await api.house.pool.fetch("select data, recorded_at from events where name = 'profile_open' order by pos")
    assert [(row["data"]["viewer_user_id"], row["data"]["profile_user_id"]) for row in told] == [
        (str(ANN), str(BOB)), (str(ANN), str(CLEO)), (str(BOB), str(ANN)), (str(ANN), str(BOB)),
    ]  # fmt: skip
    assert problem(await api(ANN, "POST", f"/profiles/{uuid4()}/opens")) == (404, "not_found")


async def test_looks_at_the_same_moment_are_one(api: Api) -> None:
    for person in (ANN, BOB):
        await api.house.person(user=person)
    answers = await asyncio.gather(*(api(ANN, "POST", f"/profiles/{BOB}/opens") for _ in range(30)))
    assert {answer.status_code for answer in answers} == {204}
    assert await api.house.story(f"viewer-{ANN}") == ["profile_open"]


async def test_the_search_finds_by_the_beginning_of_a_name_in_any_spelling(api: Api) -> None:
    names = ("Dana", "Daniel", "Dan Brown", "Eve", "דנה", "Dáná")
    people = {name: str(await api.house.person(name)) for name in names}
    second = str(await api.house.person("dana"))
    await api.house.person("Nobody Near", ANN)

    async def names_for(query: str) -> list[str]:
        ids = {user: name for name, user in people.items()} | {second: "dana#"}
        return [ids[each] for each in await found(api, ANN, query)]

    assert await names_for("q=dan") == ["Dan Brown", "Dana", "dana#", "Daniel"]
    assert await names_for("q=DANIEI") == ["Daniel"]
    assert await names_for("q=\uff24\uff41n\u0430") == ["Dana", "dana#"]
    assert await names_for("q=ד") == ["דנה"]
    suffix = (await api.house.name(UUID(second))).partition("#")[2]
    assert await names_for(f"q=Dana%23{suffix[:2]}") == ["dana#"]
    assert await names_for("q=Dana%23") == ["Dana", "dana#"]
    for nothing in ("", "q=", "q=%20", "q=%00", "q=%E2%80%8B", "q=zz"):
        assert await names_for(nothing) == []
    assert await names_for("q=%25") == []  # no wildcard
    assert await names_for("q=' or 1=1 --") == []


async def test_the_search_finds_people_who_share_an_interest(api: Api) -> None:
    tea = str(await api.house.person("Ada", interests=("tea",)))
    both = str(await api.house.person("Abe", interests=("tea", "wine")))
    await api.house.person("Abel", interests=("beer",))
    shy = await api.house.person("Abra", interests=("tea",), privacy_level="limited")
    await api.house.person(user=BOB)
    assert await found(api, BOB, "interests=tea") == [both, tea]
    assert await found(api, BOB, "interests=wine&interests=tea&q=ab") == [both]
    assert await found(api, BOB, "interests=yoga") == []
    await api.house.befriended(shy, BOB)
    assert await found(api, BOB, "interests=tea") == [both, str(shy), tea]


async def test_the_search_goes_on_where_it_ended_whoever_comes_meanwhile_or_is_not_there(api: Api) -> None:
    people = [await api.house.person(f"Pat {letter}") for letter in "abcdefghjkno"]
    await api.house.person("Viewer", ANN)
    for hidden in (people[0], people[1], people[5]):
        await api.house.social.pairs.block(hidden, ANN, after(1))
    seen, cursor = [], ""
    while True:
        page = (await api(ANN, "GET", f"/profiles/search?q=pat&limit=2{cursor}")).json()
        seen += [each["user_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        await api.house.person("Pat a")  # before it, and so never seen
    assert seen == [str(people[n]) for n in (2, 3, 4, 6, 7, 8, 9, 10, 11)]
    for wrong in (cursor_of(("a",)), cursor_of((1, "b")), cursor_of(("a\0", "b")), "nonsense"):
        assert problem(await api(ANN, "GET", f"/profiles/search?q=pat&cursor={wrong}")) == (422, "invalid")


UNFIT: list[tuple[Any, str]] = [
    ({"display_name": ""}, "#/body/display_name"),
    ({"display_name": "x" * 33}, "#/body/display_name"),
    ({"display_name": "..."}, "#/body/display_name"),
    ({"display_name": "Dana#12"}, "#/body/display_name"),
    ({"display_name": "Dana\u202enimda"}, "#/body/display_name"),
    ({"display_name": "Da\u200bna"}, "#/body/display_name"),
    ({"display_name": "D\u0300\u0301\u0302\u0303ana"}, "#/body/display_name"),
    ({"display_name": "Dana\nSmith"}, "#/body/display_name"),
    ({"display_name": "Dana\u0000"}, "#/body"),
    ({"display_name": 7}, "#/body/display_name"),
    ({"bio": "x" * 501}, "#/body/bio"),
    ({"bio": "see \u202e this"}, "#/body/bio"),
    ({"bio": "z\u0336\u0337\u0338"}, "#/body/bio"),
    ({"avatar_id": "nobody"}, "#/body/avatar_id"),
    ({"avatar_config": {"tail": "long"}}, "#/body/avatar_config/tail"),
    ({"avatar_config": {"hat": "bucket"}}, "#/body/avatar_config/hat"),
    ({"interests": ["crime"]}, "#/body/interests/0"),
    ({"interests": ["tea"] * 21}, "#/body/interests"),
    ({"locale": "xx"}, "#/body/locale"),
    ({"privacy_level": "secret"}, "#/body/privacy_level"),
    ({"user_id": str(BOB)}, "#/body/user_id"),
    ({"created_at": "2026-02-06T21:00:00Z"}, "#/body/created_at"),
]


async def test_what_does_not_fit_is_invalid_and_the_answer_says_where(api: Api) -> None:
    for body, pointer in UNFIT:
        answer = await api(ANN, "PATCH", "/profiles/me", body)
        assert problem(answer) == (422, "invalid"), body
        assert pointer in {each["pointer"] for each in answer.json()["errors"]}, body
    assert await api.house.pool.fetchval("select count(*) from events") == 0


async def test_what_cannot_be_seen_is_named(api: Api) -> None:
    answer = await api(ANN, "PATCH", "/profiles/me", {"display_name": "Dana\u202e"})
    assert answer.json()["errors"][0]["detail"] == "take out U+202E RIGHT-TO-LEFT OVERRIDE: it cannot be seen"


async def test_a_bio_of_a_megabyte_is_too_large(api: Api) -> None:
    assert problem(await api(ANN, "PATCH", "/profiles/me", {"bio": "x" * 1_000_000})) == (413, "too_large")


async def test_all_but_the_vocabulary_takes_a_token(api: Api) -> None:
    for method, path in (
        ("GET", "/me"), ("PATCH", "/me"), ("GET", f"/{ANN}"), ("GET", f"?ids={ANN}"), ("POST", f"/{ANN}/opens"),
        ("GET", "/search?q=a"),
    ):  # fmt: skip
        answer = await api.http.request(method, f"/v1/profiles{path}", json={} if method == "PATCH" else None)
        assert problem(answer) == (401, "unauthenticated"), (method, path)
