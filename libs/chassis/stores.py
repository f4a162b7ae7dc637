"""A service's databases, opened together: for its processes, for its seed, for the command line on the spot."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from libs.chassis.postgres import Pool, connect
from libs.chassis.settings import Settings
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import Projection, project_all
from libs.eventstore.store import Store


@dataclass(frozen=True, slots=True)
class Stores:
    """The service's own schema, and the keys of its subjects in the database apart."""

    pool: Pool
    keys: KeyRing
    cipher: Cipher
    store: Store


@asynccontextmanager
async def open_stores(
    service: str, settings: Settings, *projections: Projection, wake: Callable[[], None] = lambda: None
) -> AsyncIterator[Stores]:
    """Connected; `wake` is called after each commit that recorded something."""
    async with (
        await connect(settings.database_url, service, size=settings.pool_size) as pool,
        await connect(settings.keys_url, service, size=settings.pool_size) as vault,
    ):
        keys = KeyRing(vault)
        cipher = Cipher(keys)
        yield Stores(pool, keys, cipher, Store(pool, cipher=cipher, project=project_all(*projections), wake=wake))
