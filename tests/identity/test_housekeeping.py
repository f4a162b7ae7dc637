"""What has run out is swept away, and nothing else; an outage of the database is waited out."""

import asyncio

import asyncpg

from services.identity.__main__ import opened, schedule_of
from services.identity.housekeeping import Housekeeping
from services.identity.keys import SigningKeys
from services.identity.pepper import Pepper
from tests.accounts import ask_for_code, sign_in
from tests.identity.conftest import PEPPER, Door, Open, told
from tests.waiting import until

TABLES = ("email_codes", "refresh_families", "throttles")
END_CONNECTIONS = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'identity'"""


async def rows(door: Door) -> dict[str, int]:
    return {table: await door.pool.fetchval(f"select count(*) from {table}") for table in TABLES}


async def test_what_has_run_out_is_swept_and_nothing_else(open_door: Open) -> None:
    door = await open_door(limit_codes_per_client="100/3600")
    await sign_in(door.http, door.mail, "ann@example.com")
    async with opened(told(door.databases, door.mail), door.clock) as inside:
        housekeeping = Housekeeping(inside.stores.pool, inside.keys, inside.erasures, 60, door.clock)
        before = await rows(door)
        await housekeeping.once()
        assert await rows(door) == before
        door.clock.forward(days=29)
        await ask_for_code(door.http, door.mail, "bob@example.com")
        await housekeeping.once()
        assert await rows(door) == {"email_codes": 1, "refresh_families": 1, "throttles": 2}
        door.clock.forward(days=2)
        await housekeeping.once()
        assert await rows(door) == dict.fromkeys(TABLES, 0)
        assert await door.pool.fetchval("select count(*) from sessions") == 1, "history stays"


async def test_an_outage_of_the_database_is_waited_out(door: Door) -> None:
    class Watched(SigningKeys):
        """Counts how it went."""

        read = failed = 0

        async def refresh(self) -> None:
            try:
                await super().refresh()
                self.read += 1
            except Exception:
                self.failed += 1
                raise

    settings = told(door.databases, door.mail)
    admin = await asyncpg.connect(door.databases.admin)
    async with opened(settings, door.clock) as inside:
        keys = Watched(inside.stores.pool, Pepper(PEPPER), schedule_of(settings), door.clock)
        stop = asyncio.Event()
        running = asyncio.create_task(
            Housekeeping(inside.stores.pool, keys, inside.erasures, 0.02, door.clock).run(stop)
        )
        await until(lambda: keys.read)
        await admin.execute("alter role identity connection limit 0")
        try:
            await admin.execute(END_CONNECTIONS)
            await until(lambda: keys.failed)
        finally:
            await admin.execute("alter role identity connection limit -1")
        seen = keys.read
        await until(lambda: keys.read > seen)
        assert keys.signer()[0]
        stop.set()
        await asyncio.wait_for(running, 30)
    await admin.close()
