"""What every service does about `user_delete`, in whatever order, however often, wherever it breaks off."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from libs.chassis import postgres
from libs.chassis.consumers import Consumers, Policy
from libs.chassis.consumers.consumers import PutBack
from libs.chassis.erasing import Clear, erases
from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import Envelope
from libs.contracts.erasure import ErasureDone
from libs.contracts.identity import UserDelete
from libs.eventstore.erasure import ERASURE
from libs.eventstore.gone import is_erased
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.store import Store, Unit
from libs.eventstore.verify import stream_faults
from tests.conftest import Database
from tests.libs.chassis.house import Record, envelope_of, record

KEPT = "insert into idempotency (user_id, key, fingerprint, status, recorded_at) values ($1, 'k', '', 201, now())"
GUARD = "select id from parked where id = any($1::bigint[]) order by id for update"


@dataclass
class Social:
    """A service whose one secret is what its people's idempotency keys are."""

    pool: postgres.Pool
    keys: KeyRing

    def consumers(self, clear: Clear) -> Consumers:
        async def project(_db: object, _recorded: object) -> None: ...

        store = Store(self.pool, cipher=Cipher(self.keys), project=project)
        policy = Policy(attempts=1, outage_pause=0.01)
        made = Consumers("social", Kafka.parse("kafka://127.0.0.1:1"), self.pool, store=store, policy=policy)
        erases(made, "social", self.keys, clear)
        return made

    async def told(self) -> list[tuple[str, str, UUID]]:
        rows = await self.pool.fetch("select name, stream_id, (meta ->> 'causation_id')::uuid as cause from events")
        return [tuple(row) for row in rows]


@pytest.fixture
async def social(database: Database) -> AsyncIterator[Social]:
    urls = await database("social")
    async with await postgres.connect(urls.runtime, "social") as pool, await postgres.connect(urls.keys, "social") as k:
        yield Social(pool, KeyRing(k))


@dataclass(frozen=True)
class Arrived:
    """A record as a consumer gets it."""

    key: bytes | None
    value: bytes | None
    headers: object
    topic: str
    offset: int
    partition: int = 0


def arrived(envelope: Envelope, offset: int = 0) -> Arrived:
    told: Record = record(envelope)
    return Arrived(*told, envelope.name, offset)


def deleted(person: UUID) -> Envelope:
    return envelope_of(UserDelete(user_id=person), f"user-{person}")


async def nothing_more(unit: Unit, user_id: UUID) -> None: ...


async def test_key_and_answers_go_and_the_service_says_so_once(social: Social) -> None:
    ann, bob = uuid4(), uuid4()
    for person in (ann, bob):
        await social.keys.obtain(person)
        await social.pool.execute(KEPT, person)
    consumers, goodbye = social.consumers(nothing_more), deleted(ann)
    await consumers.take([arrived(goodbye), arrived(goodbye, 1)])
    await consumers.take([arrived(deleted(ann), 2)])  # another event that says the same
    assert await social.told() == [(ErasureDone.NAME, f"user-{ann}", goodbye.id)]
    assert await social.keys.find(ann) is None
    assert await social.keys.obtain(ann) is None
    assert await social.keys.find(bob)
    assert [row["user_id"] for row in await social.pool.fetch("select user_id from idempotency")] == [bob]
    async with social.pool.acquire() as db:
        assert await is_erased(db, ann)
        assert not await is_erased(db, bob)
        assert not [fault async for fault in stream_faults(db, {ERASURE.kind: ERASURE})]


async def test_what_breaks_off_after_the_key_is_taken_up_again(social: Social) -> None:
    ann, attempts = uuid4(), []
    await social.keys.obtain(ann)
    await social.pool.execute(KEPT, ann)

    async def fails_once(unit: Unit, user_id: UUID) -> None:
        attempts.append(user_id)
        if len(attempts) == 1:
            raise ConnectionResetError

    consumers, goodbye = social.consumers(fails_once), arrived(deleted(ann))
    with pytest.raises(PutBack):
        await consumers.take([goodbye])
    assert await social.keys.find(ann) is None  # destroyed for good; the rest has not happened
    assert await social.pool.fetchval("select count(*) from idempotency") == 1
    assert await social.told() == []
    await consumers.take([goodbye])
    assert [name for name, _, _ in await social.told()] == [ErasureDone.NAME]
    assert await social.pool.fetchval("select count(*) from idempotency") == 0


async def test_guards_come_first_in_clear(social: Social) -> None:
    guarded: list[object] = []

    async def clear(unit: Unit, user_id: UUID) -> None:
        guarded.append(await unit.guard(GUARD, []))

    await social.consumers(clear).take([arrived(deleted(uuid4()))])
    assert [name for name, _, _ in await social.told()] == [ErasureDone.NAME]
    assert guarded == [[]]
