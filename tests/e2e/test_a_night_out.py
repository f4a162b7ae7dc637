"""From the mail with the code to the row in the lake: three people do what the specification has tables and events for.

Every row, key and event is looked for where it belongs, by the client anybody may write, and is there once.
"""

import json
import struct
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import time
from typing import Any, Final
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from tests.e2e.conftest import Night
from tests.e2e.evening import STORY, WITHIN, Evening, an_evening, id_of
from tests.e2e.places import Places, places
from tests.waiting import until

SPECIFIED: Final = (
    "room_join",
    "room_leave",
    "profile_open",
    "mute_user",
    "block_user",
    "report_user",
    "voice_active_seconds",
    "session_duration",
)
A_NIGHT: Final = Counter(
    {
        **dict.fromkeys((*SPECIFIED, "friend_request", "friend_accept", "room_create", "room_invite", "role_grant"), 1),
        **dict.fromkeys(("user_register", "user_login", "profile_create", "wallet_credit"), 3),
        **dict.fromkeys(("room_join", "room_leave", "session_duration"), 3),
        **dict.fromkeys(("wallet_debit", "item_acquire"), 2),
        **dict.fromkeys(("item_gift", "session_revoke"), 1),
    }
)
"""What happens to the three, and nothing else does."""
GAINED: Final = {
    "identity.users": 3,
    "social.profiles": 3,
    "rooms.rooms": 1,
    "rooms.room_memberships": 3,
    "social.friendships": 2,
    "social.blocks": 1,
    "moderation.reports": 1,
    "inventory.inventory_items": 1,
    "inventory.user_inventory": 2,
}
PRESENCE, LIMITS = 12, 120  # seconds a key lives without a heartbeat; a minute's counter
BODY: Final = struct.Struct("<HhHBBbb")  # x y z yaw animation vx vz

FRIENDS: Final = "select user_id, friend_user_id, status from social.friendships where user_id = any($1)"
USERS: Final = "select id, email, auth_provider, status from identity.users where id = any($1)"
PROFILES: Final = """
select user_id, display_name, avatar_id, locale, privacy_level from social.profiles where user_id = $1"""
ROOMS: Final = "select id, name, theme, is_private, capacity, region from rooms.rooms where created_by = $1"
VISITS: Final = """
select user_id, room_id, join_source, left_at > joined_at from rooms.room_memberships where user_id = any($1)"""
BLOCKS: Final = "select blocker_user_id, blocked_user_id from social.blocks where blocker_user_id = any($1)"
REPORTS: Final = """
select id, reporter_user_id, reported_user_id, room_id, report_type, evidence_url, status from moderation.reports
where reporter_user_id = any($1)"""
ITEMS: Final = (
    "select id, type, name, metadata::text, price_cents, active from inventory.inventory_items where sku = $1"
)
OWNED: Final = "select id, user_id, item_id from inventory.user_inventory where user_id = any($1)"
LOG: Final = "select data::text, recorded_at from rooms.events where stream_id = $1 and name = $2 order by version"


async def test_every_row_key_and_event_of_the_specification(night: Night) -> None:
    async with places(night.bar) as at:
        before = await at.counts()
        async with an_evening(night) as they:
            await befriended(they, at)
            await they.shops()
            await they.sit_down()
            await they.sam_comes()
            assert {(source, left) for *_, source, left in await at.rows(VISITS, they.ids)} == {
                (source, None) for source in ("direct", "invite", "matchmaking")
            }
            await every_key(they, at)
            await they.fall_out()
            await they.go_home()
            await every_row(they, at)
        assert {table: count - before[table] for table, count in (await at.counts()).items()} == GAINED
        await every_event(they, at)
    verdict = json.loads(night.bar.virtubar("verify", "--json").stdout)
    assert verdict["clean"], verdict["problems"]
    lake = night.bar.virtubar("sql", "--json", "select * from events").stdout
    for word in (*map(str, they.ids), "robin@example.com", "He says nothing"):
        assert word not in lake


async def befriended(they: Evening, at: Places) -> None:
    """One row while it is asked, two when it is answered; a card looked at twice within ten minutes is told once."""
    dana, robin, _ = they.ids
    await until(lambda: at.rows(PROFILES, robin), within=WITHIN)
    assert await they.dana.people.befriend(robin) == "pending"
    assert await at.rows(FRIENDS, they.ids) == [(dana, robin, "pending")]
    assert await they.robin.people.befriend(dana) == "accepted"
    assert set(await at.rows(FRIENDS, they.ids)) == {(dana, robin, "accepted"), (robin, dana, "accepted")}
    for _ in range(2):
        await they.dana.people.open(robin)


async def every_key(they: Evening, at: Places) -> None:
    """Each family as specified, alive; and gone, by itself, once nobody speaks up for it."""
    redis, room, there = at.redis, they.hers.room_id, they.silent.room
    dana, robin, sam = they.ids
    sams = [f"presence:user:{sam}", f"room:{there}:members", f"room:{there}:transforms"]

    async def all_there() -> bool:
        return bool(await redis.exists(*sams) == len(sams))

    await until(all_there, within=WITHIN, every=0.02)
    presence = await at.hash(sams[0])
    assert (presence["roomId"], presence["deviceType"]) == (str(there).encode(), b"vr")
    assert abs(int(presence["lastSeen"]) / 1000 - time()) < WITHIN
    assert 0 < await redis.ttl(sams[0]) <= PRESENCE

    assert await redis.smembers(f"room:{room}:members") == {str(dana).encode(), str(robin).encode()}
    stands = they.hers.roster.people[robin]

    async def stored() -> bool:
        body = (await at.hash(f"room:{room}:transforms")).get(str(robin))
        return body is not None and BODY.unpack(body)[:4] == (stands.x, stands.y, stands.z, stands.yaw)

    await until(stored, within=WITHIN)
    await until(lambda: counted(at, robin, "chat"), within=WITHIN)
    assert await counted(at, robin, "chat") == 1

    hers = f"presence:user:{dana}"
    seen = int((await at.hash(hers))["lastSeen"])

    async def none_left() -> bool:
        return not await redis.exists(*sams)

    await until(none_left, within=WITHIN, every=0.2)
    assert int((await at.hash(hers))["lastSeen"]) > seen, "whoever is there is refreshed"
    assert 0 < await redis.ttl(hers) <= PRESENCE
    assert await redis.exists(f"room:{room}:members", f"room:{room}:transforms") == 2


async def counted(at: Places, user: UUID, kind: str) -> int:
    """How often in the last minutes. No counter is kept for longer than its time."""
    total = 0
    async for key in at.redis.scan_iter(f"rl:ws:{user}:{kind}:*"):
        assert abs(int(key.rpartition(b":")[2]) - time() // 60) <= LIMITS // 60
        assert 0 < await at.redis.ttl(key) <= LIMITS
        total += int(await at.redis.get(key) or 0)
    return total


async def every_row(they: Evening, at: Places) -> None:
    ids, table = they.ids, they.table
    dana, robin, sam = ids
    assert set(await at.rows(USERS, ids)) == {
        (id_of(client), f"{name}@example.com", "email", "active") for name, client in they.people.items()
    }
    for client in (they.dana, they.sam):  # Robin has signed out
        card = await client.people.me()
        shown = (card.user_id, card.display_name, card.avatar_id, card.locale, card.privacy_level)
        assert await at.rows(PROFILES, id_of(client)) == [shown]
    assert await at.rows(ROOMS, dana) == [(table.id, "The Corner", "lounge", True, 4, "eu")]
    assert set(await at.rows(VISITS, ids)) == {
        (dana, table.id, "direct", True),
        (robin, table.id, "invite", True),
        (sam, they.silent.room, "matchmaking", True),
    }
    assert await at.rows(BLOCKS, ids) == [(robin, sam)]
    assert await at.rows(REPORTS, ids) == [(they.report.id, dana, sam, table.id, "spam", None, "open")]
    item = they.item
    assert await at.rows(ITEMS, item.sku) == [(item.id, "drink", "A Quiet Word", '{"colour": "amber"}', 450, True)]
    mine, his = (each.id for each in they.bought)
    assert set(await at.rows(OWNED, ids)) == {(mine, dana, item.id), (his, robin, item.id)}


async def every_event(they: Evening, at: Places) -> None:
    """In its topic and in the lake once, with the values that the log of rooms comes to."""

    async def all_landed() -> bool:
        assert Counter(row["name"] for row in await at.landed(they.ids)) == A_NIGHT
        return True

    await until(all_landed, within=WITHIN, every=1)
    told = await at.told(SPECIFIED, they.ids)
    meant = await what_is_to_be_told(they, at)
    assert Counter(each.name for each in told) == {name: len(facts) for name, facts in meant.items()}
    for name, facts in meant.items():
        said = [each.data for each in told if each.name == name]
        assert all(any(fact.items() <= data.items() for data in said) for fact in facts), (name, said)
    pseudonyms, there = await at.pseudonyms(they.ids), {row["id"]: row["data"] for row in await at.landed(they.ids)}
    for each in told:
        assert there[str(each.id)] == renamed(each, pseudonyms)


def renamed(told: Envelope, pseudonyms: Mapping[str, str]) -> dict[str, Any]:
    """As the lake has it."""
    return {
        name: pseudonyms.get(value, value) if isinstance(value, str) else value for name, value in told.data.items()
    }


async def what_is_to_be_told(they: Evening, at: Places) -> dict[str, list[dict[str, Any]]]:
    dana, robin, sam = map(str, they.ids)
    table = {"room_id": str(they.table.id), "theme": "lounge", "region": "eu", "device_type": "desktop"}
    assert they.hers.welcome
    assert they.his.welcome
    joins = [
        {"visit_id": str(they.hers.welcome.visit), "user_id": dana, "join_source": "direct", **table},
        {"visit_id": str(they.his.welcome.visit), "user_id": robin, "join_source": "invite", **table},
        {"visit_id": str(they.silent.visit), "user_id": sam, "join_source": "matchmaking", "device_type": "vr"}
        | {"room_id": str(they.silent.room)},
    ]
    visits = [{name: join[name] for name in ("visit_id", "room_id", "user_id")} for join in joins]
    report = {"report_id": str(they.report.id), "reporter_user_id": dana, "reported_user_id": sam}
    return {
        "room_join": joins,
        "room_leave": [visit | {"reason": "left"} for visit in visits],
        "profile_open": [{"viewer_user_id": dana, "profile_user_id": robin}],
        "mute_user": [{"muter_user_id": dana, "muted_user_id": sam}],
        "block_user": [{"blocker_user_id": robin, "blocked_user_id": sam}],
        "report_user": [report | {"room_id": str(they.table.id), "report_type": "spam"}],
        "voice_active_seconds": [visits[0] | {"seconds": await spoken(at, they.ids[0])}],
        "session_duration": [
            {"user_id": str(user), "seconds": await stayed(at, user), "visits": 1} for user in they.ids
        ],
    }


async def spoken(at: Places, user: UUID) -> int:
    """From the two turns of the microphone, of which no topic is told."""
    turns = [json.loads(data) for data, _ in await at.rows(LOG, f"visitor-{user}", "voice_state")]
    assert [turn["publishing"] for turn in turns] == [True, False]
    opened, closed = (datetime.fromisoformat(turn["at"]) for turn in turns)
    assert (closed - opened).total_seconds() >= STORY - 0.5
    return round((closed - opened).total_seconds())


async def stayed(at: Places, user: UUID) -> int:
    """From the seat that was held to the leave."""
    [(_, began)] = await at.rows(LOG, f"visitor-{user}", "seat_hold")
    [(left, _)] = await at.rows(LOG, f"visitor-{user}", "room_leave")
    stay: timedelta = datetime.fromisoformat(json.loads(left)["left_at"]) - began
    return round(stay.total_seconds())
