"""A thousand people who want one name get a thousand names."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.contracts.catalogue import EVENTS
from libs.contracts.social import ProfileCreate, ProfileUpdate
from libs.eventstore import recorded
from libs.eventstore.recorded import Reader
from libs.eventstore.store import Unit
from services.social.deciders.refusals import NameTaken
from services.social.names import Names, split
from services.social.profiles import Change, Profiles
from tests.social.house import NINE, House, house_at

LOG = f"select {recorded.COLUMNS} from events where name in ('profile_create', 'profile_update') order by pos"


class Unguarded(Names):
    """The naive way: look, then write, and hope that nobody else does."""

    async def hold(self, unit: Unit, looks: str) -> None:
        await asyncio.sleep(0)


@dataclass
class Verdict:
    """What the log says, position by position: how often somebody got a name that somebody else had."""

    doubles: int = 0
    holders: dict[tuple[str, str], UUID] = field(default_factory=dict)


async def verdict(house: House) -> Verdict:
    found, names = Verdict(), dict[UUID, tuple[str, str]]()
    reader = Reader(house.cipher, EVENTS)
    for row in await house.pool.fetch(LOG):
        event = (await reader.read(row)).event
        assert isinstance(event, ProfileCreate | ProfileUpdate)
        assert event.display_name
        assert event.name_skeleton
        found.holders.pop(names.get(event.user_id, ("", "")), None)
        name = (event.name_skeleton, split(event.display_name)[1])
        found.doubles += name in found.holders
        found.holders[name], names[event.user_id] = event.user_id, name
    return found


@pytest.fixture
async def houses(house: House) -> AsyncIterator[Sequence[House]]:
    """Two, as two processes would be."""
    async with house_at(house.urls, size=8) as other:
        yield house, other


async def people(house: House, count: int) -> list[UUID]:
    made = [uuid4() for _ in range(count)]
    await asyncio.gather(*(house.person(user=each) for each in made))
    return made


async def test_a_thousand_people_who_want_one_name_get_different_suffixes(houses: Sequence[House]) -> None:
    crowd = await people(houses[0], 1000)
    spellings = ("Dana", "DANA", "D\u0430na", "\uff24\uff41\uff4e\uff41")

    async def take(n: int, user: UUID) -> None:
        await houses[n % 2].social.profiles.update(user, Change(display_name=spellings[n % 4]), NINE)

    await asyncio.gather(*(take(n, user) for n, user in enumerate(crowd)))
    found = await verdict(houses[0])
    assert found.doubles == 0
    suffixes = {suffix for (looks, suffix) in found.holders if looks == "dana"}
    assert len(suffixes) == len(crowd)
    assert {len(suffix) for suffix in suffixes} <= {0, 4, 5, 6}
    assert "" in suffixes


async def test_control_whoever_looks_and_then_writes_gives_a_name_twice(house: House) -> None:
    crowd = await people(house, 20)
    owner = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "social"})
    await owner.execute("alter table profile_guards drop constraint profile_guards_skeleton_suffix_key")
    await owner.close()
    naive = Profiles(house.store, Unguarded(Random(1)), timedelta(minutes=10), Random(1))
    await asyncio.gather(*(naive.update(user, Change(display_name="Dana"), NINE) for user in crowd))
    assert (await verdict(house)).doubles > 0


async def test_a_name_given_up_is_free_and_no_lock_outlives_it(house: House) -> None:
    first, second = await house.person("Dana"), await house.person("Dana")
    assert await house.name(first) == "Dana"
    assert (await house.name(second)).startswith("Dana#")
    await house.social.profiles.update(first, Change(display_name="Eve"), NINE)
    third = await house.person("dana")
    assert await house.name(third) == "dana"
    assert await house.pool.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0


async def test_whoever_changes_the_looks_of_their_name_keeps_the_suffix(house: House) -> None:
    await house.person("Daniel")
    second = await house.person("Daniel")
    suffix = (await house.name(second)).partition("#")[2]
    for wanted, kept in (("DANIEL", f"DANIEL#{suffix}"), ("Danie1", f"Danie1#{suffix}"), ("Dan", "Dan")):
        await house.social.profiles.update(second, Change(display_name=wanted), NINE)
        assert await house.name(second) == kept


async def test_a_name_that_very_many_bear_has_longer_suffixes(house: House) -> None:
    dana = await house.person("Dana")
    names = Names(Random(7))
    bearers = (
        "insert into profiles select gen_random_uuid(), 'x', null, 'ace', '{}', '{}', 'en', 'public', now(), now()"
    )
    async with house.pool.acquire() as db, db.transaction():
        await db.execute(f"{bearers} from generate_series(1, 9000)")
        await db.execute(
            "insert into profile_guards select user_id, 1, 'dana', (999 + row_number() over ())::text "
            "from profiles where display_name = 'x'"
        )
    eve = await house.person("Eve")
    await Profiles(house.store, names, timedelta(minutes=10), Random(1)).update(eve, Change(display_name="Dana"), NINE)
    assert len((await house.name(eve)).partition("#")[2]) == 5
    assert await house.name(dana) == "Dana"


async def test_one_person_who_is_made_in_many_places_at_once_is_made_once(houses: Sequence[House]) -> None:
    user = uuid4()
    await asyncio.gather(*(houses[n % 2].social.profiles.create(user, NINE) for n in range(20)))
    assert await houses[0].story(f"profile-{user}") == ["profile_create"]


class Unlucky(Random):
    """Draws the same number whenever it is asked."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return start


async def test_a_name_for_which_no_number_is_left_is_refused(house: House) -> None:
    profiles = Profiles(house.store, Names(Unlucky()), timedelta(minutes=10), Random(1))
    for name in ("Dana", "Dana#1000", "Dana#10000", "Dana#100000"):
        user = await house.person("Somebody else")
        await profiles.update(user, Change(display_name="Dana"), NINE)
        assert await house.name(user) == name
    with pytest.raises(NameTaken):
        await profiles.update(await house.person("Somebody else"), Change(display_name="Dana"), NINE)
