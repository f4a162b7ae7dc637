"""People who want more than they can pay, all at once, and ask again until they are told.

`OverHttp` is the service; `LookThenWrite` is what everybody writes first.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID, uuid4

import httpx2

from libs.contracts.inventory import ItemAcquire, WalletDebit
from libs.eventstore.db import Db
from libs.eventstore.recorded import Recorded
from libs.eventstore.store import Store, Unit
from services.inventory.deciders.item import Listing, item_id_of
from services.inventory.deciders.wallet import WALLET
from tests.api import Issuer
from tests.inventory.house import BEER, HAT, NINE, House

WINE, WAVE = Listing("drink-wine", "drink", "Wine", 450, {}), Listing("emote-wave", "emote", "Wave", 200, {})
MENU: Final = (BEER, HAT, WINE, WAVE)
AGAIN: Final = ("idempotency_in_flight", "unavailable")  # problems that say: ask again


@dataclass(frozen=True)
class Wish:
    """One request. A credit has no item; a gift has somebody to go to."""

    key: str
    user: UUID
    item: Listing | None
    to: UUID | None = None


class Counter(Protocol):
    """Where wishes are said. None: no answer, ask again. An empty set: refused."""

    async def __call__(self, wish: Wish) -> set[UUID] | None: ...


def wishes(dice: random.Random, people: Sequence[UUID], count: int) -> list[Wish]:
    """Mostly purchases; a third are gifts, and a few bring new money."""
    made = []
    for n in range(count):
        user, kind = dice.choice(people), dice.random()
        item = None if kind < 0.12 else dice.choice(MENU)
        to = dice.choice([each for each in people if each != user]) if kind > 0.7 else None
        made.append(Wish(f"wish-{n}", user, item, to))
    return made


@dataclass
class Shopping:
    """Every wish is said up to three times at once, each until there is an answer."""

    counter: Counter
    dice: random.Random
    told: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    wanted: list[Wish] = field(default_factory=list)
    settled: int = 0

    async def go(self, wanted: Sequence[Wish], *, hands: int = 16) -> None:
        self.wanted += wanted
        waiting = iter(wanted)

        async def hand() -> None:
            for wish in waiting:
                copies = self.dice.choice((1, 1, 2, 3))
                for answer in await asyncio.gather(*(self._insist(wish) for _ in range(copies))):
                    self.told[wish.key] |= answer
                self.settled += 1

        await asyncio.gather(*(hand() for _ in range(hands)))

    async def _insist(self, wish: Wish) -> set[UUID]:
        while (answer := await self.counter(wish)) is None:
            await asyncio.sleep(self.dice.uniform(0, 0.05))
        return answer


class OverHttp:
    """The service, in processes that may be killed meanwhile."""

    def __init__(self, http: httpx2.AsyncClient, urls: Sequence[str], issuer: Issuer, dice: random.Random) -> None:
        self._http, self._urls, self._issuer, self._dice = http, urls, issuer, dice
        self._headers: dict[UUID, tuple[float, dict[str, str]]] = {}
        self._operator = uuid4()

    async def __call__(self, wish: Wish) -> set[UUID] | None:
        who = wish.user if wish.item else self._operator
        headers = self._signed_in(who) | {"idempotency-key": wish.key}
        path, body = _request(wish)
        try:
            answer = await self._http.post(f"{self._dice.choice(self._urls)}{path}", json=body, headers=headers)
        except httpx2.TransportError:
            return None
        if answer.status_code == 201:
            return {UUID(answer.json()["id"])} if wish.item else set()
        said = answer.json()["type"].rpartition("/")[2]
        assert answer.status_code in (402, 409, 503), answer.text
        return None if said in AGAIN else set()

    def _signed_in(self, user: UUID) -> dict[str, str]:
        until, headers = self._headers.get(user, (0.0, {}))
        if time.monotonic() > until:
            headers = self._issuer.headers(user, roles=["operator"] if user == self._operator else [])
            self._headers[user] = (time.monotonic() + 60, headers)
        return headers


def _request(wish: Wish) -> tuple[str, dict[str, object]]:
    if wish.item is None:
        return f"/v1/wallets/{wish.user}/credits", {"amount_cents": 1_000, "reference": wish.key}
    path, price = f"/v1/items/{item_id_of(wish.item.sku)}", {"expected_price_cents": wish.item.price_cents}
    return (f"{path}/gifts", {"user_id": str(wish.to), **price}) if wish.to else (f"{path}/purchases", {**price})


class LookThenWrite:
    """Reads the balance, thinks, and writes what is left: nobody holds the wallet meanwhile, nothing knows a repeat."""

    def __init__(self, house: House, dice: random.Random) -> None:
        self._pool, self._dice = house.pool, dice
        self._store = Store(house.pool, cipher=house.cipher, project=_balances_alone)

    async def __call__(self, wish: Wish) -> set[UUID] | None:
        if wish.item is None:
            return set()
        id, item, user = uuid4(), wish.item, wish.user
        left = await self._pool.fetchval("select balance_cents from wallets where user_id = $1", user)
        left -= item.price_cents
        if left < 0:
            return set()
        await asyncio.sleep(self._dice.uniform(0, 0.005))
        facts = {"item_id": item_id_of(item.sku), "sku": item.sku, "type": item.type, "price_cents": item.price_cents}
        events = [
            WalletDebit(user_id=user, amount_cents=item.price_cents, balance_cents=left, reference=f"purchase:{id}"),
            ItemAcquire(acquisition_id=id, user_id=user, source="purchase", **facts),
        ]

        async def work(unit: Unit) -> None:
            await unit.append(WALLET, await unit.load(WALLET, f"wallet-{user}-{id}"), events)

        await self._store.run(work, at=NINE)
        return {id}


async def _balances_alone(db: Db, happened: Recorded) -> None:
    if isinstance(happened.event, WalletDebit):
        sql = "update wallets set balance_cents = $2 where user_id = $1"
        await db.execute(sql, happened.event.user_id, happened.event.balance_cents)
