"""From the mail with the code to the row in the lake: two friends spend a night, by the client anybody may write."""

import json
from collections import Counter
from uuid import UUID, uuid4

from clients.python import Client
from clients.python.events import Event, Joined, Left, Said
from tests.e2e.conftest import Night
from tests.waiting import until

A_NIGHT = {
    "user_register": 2,
    "user_login": 2,
    "room_join": 2,
    "room_leave": 2,
    "session_revoke": 1,
    "session_duration": 2,
}
WITHIN = 60  # seconds: a night is over 5 s after its last leave, natively


def landed(night: Night) -> Counter[str]:
    """How often each event is in the lake."""
    asked = night.bar.virtubar("sql", "--json", "select name, count(*) as n from events group by name")
    return Counter({row["name"]: row["n"] for row in json.loads(asked.stdout)} if asked.returncode == 0 else {})


async def lounge(client: Client) -> UUID:
    return next(room.id for room in await client.rooms(theme="lounge"))


async def test_two_friends_spend_a_night_and_the_lake_knows_it_once(night: Night) -> None:
    await until(lambda: landed(night)["room_create"] == 3, within=WITHIN)
    before, heard = landed(night), list[Event]()
    async with night.guest("dana@example.com") as dana, night.guest("robin@example.com") as robin:
        room = await lounge(dana)
        hers = await dana.join(room, on_event=heard.append)
        his = await robin.join(room)
        await until(lambda: any(isinstance(event, Joined) for event in heard))
        await his.chat("cheers!")
        await until(lambda: [event.text for event in heard if isinstance(event, Said)] == ["cheers!"])
        me = his.roster.people[robin.account.user_id or uuid4()]
        there = me.x + 20
        his.move(there, 0, me.z)
        await until(lambda: hers.roster.people[me.user].x == there)
        await his.leave()
        await until(lambda: any(isinstance(event, Left) for event in heard))
        await hers.leave()
        await robin.account.sign_out()

    await until(lambda: landed(night) - before == Counter(A_NIGHT), within=WITHIN, every=1)
    verdict = json.loads(night.bar.virtubar("verify", "--json").stdout)
    assert verdict["clean"], verdict["problems"]
    lake = night.bar.virtubar("sql", "--json", "select * from events").stdout
    assert str(me.user) not in lake
    assert "robin@example.com" not in lake
