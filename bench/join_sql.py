"""A join's statements, taken from the code that runs them, as a script for pgbench: somebody new, one of many rooms."""

import asyncio

import asyncpg

from bench.pgbench import Rate, line, pgbench
from libs.eventstore.unit import APPEND, LOAD
from services.rooms.deciders.visitor import VISITOR
from services.rooms.guards import LOCK
from services.rooms.projections import HOLD
from services.rooms.visits import SEAT_OF, TICKET
from tests.rooms.people import seat_hold
from tests.stack import Databases

# Rooms with a live owner and more seats than there are people. A script's colons are pgbench's: JSON is in `sample`.
FURNISH = """
insert into nodes values ('bench', 1, 'ws://bench', 'eu', 0, true, now() + interval '1 day');
insert into rooms select ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid, 'Bench', 'lounge', false, 1000,
  'eu', null, now() from generate_series(1, {rooms}) n;
insert into room_guards (room_id, theme, region, is_private, is_open, capacity, occupied, owner_node, owner_incarnation)
  select id, theme, region, is_private, true, 2000000000, 0, 'bench', 1 from rooms;
create table sample (state text, data text, meta text);
grant select on sample to rooms;
"""

USER = "('00000000-0000-4000-8000-' || lpad(:u::text, 12, '0'))::uuid"
ROOM = "('00000000-0000-4000-9000-' || lpad(:r::text, 12, '0'))::uuid"
STREAM = f"'visitor-' || {USER}::text"
STATE, DATA, META = (f"select {name} from sample" for name in ("state", "data", "meta"))


def script(rooms: int) -> str:
    appended = (STREAM, "'visitor'", "0", STATE, "1", "now()", "array[gen_random_uuid()]", "array['seat_hold']",
                "array[1]::smallint[]", f"array[{USER}]", f"array[({DATA})]", META)  # fmt: skip
    held = (USER, USER, ROOM, "'web'", "'direct'", USER, "now()", "now()", "now() + interval '30 s'")
    ticket = (USER, "sha256('x')", "'bench'", "0::bigint", "now()", "now() + interval '30 s'")
    return "\n".join(
        [
            "\\set u random(1, 2000000000)",
            f"\\set r random(1, {rooms})",
            "begin;",
            line(SEAT_OF, USER),
            line(LOCK, f"array[{ROOM}]"),
            line(LOAD, STREAM),
            line(APPEND, *appended),
            line(HOLD, *held),
            line(TICKET, *ticket),
            "commit;",
        ]
    )


async def pgbench_of_a_join(databases: Databases, rooms: int, *, clients: int, seconds: int) -> Rate:
    """On a fresh migrated database of rooms."""
    hold = seat_hold()
    state = VISITOR.codec.dump_json(VISITOR.fold([hold])).decode()
    admin = await asyncpg.connect(databases.admin, server_settings={"search_path": "rooms"})
    try:
        await admin.execute(FURNISH.format(rooms=rooms))
        await admin.execute("insert into sample values ($1, $2, '{}')", state, hold.model_dump_json())
    finally:
        await admin.close()
    url = f"{databases.runtime}?options=-csearch_path%3Drooms"
    return await asyncio.to_thread(pgbench, url, script(rooms), clients=clients, seconds=seconds)
