"""The offline checker of inventory: what the log says, and what people were told, against what may never be.

Reads nothing but `(name, data)` in the log's order and the answers. Its control is in the tests that use it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from libs.eventstore.db import Pool

LOG = "select name, data from events order by pos"
BALANCES = "select user_id, balance_cents from wallets"

Happened = tuple[str, Mapping[str, Any]]
Told = Mapping[str, set[UUID]]
"""By request, however often it was sent: the acquisitions that its answers named. None: it was refused each time."""


@dataclass
class Verdict:
    """How often what should never happen did."""

    overdrawn: int = 0  # positions after which somebody has less than nothing
    misstated: int = 0  # balances told that are not the sum so far
    repeated: int = 0  # movements of one reference after the first; things had once, had again
    unpaid: int = 0  # things without a debit at their price before them, debits without a thing
    doubled: int = 0  # requests that were answered with several acquisitions
    lost: int = 0  # acquisitions that somebody was told of and that are not there
    untold: int = 0  # acquisitions that are there and that nobody was told of
    balances: Counter[str] = field(default_factory=Counter)
    things: int = 0

    @property
    def clean(self) -> bool:
        wrong = (self.overdrawn, self.misstated, self.repeated, self.unpaid, self.doubled, self.lost, self.untold)
        return not any(wrong)


def verdict(log: Iterable[Happened], told: Told) -> Verdict:
    found = Verdict()
    references: set[tuple[str, str]] = set()
    owned: defaultdict[str, set[str]] = defaultdict(set)
    paid: dict[str, int] = {}
    had: Counter[str] = Counter()
    for name, data in log:
        user = str(data.get("user_id"))
        if name in ("wallet_credit", "wallet_debit"):
            cents, reference = data["amount_cents"], data["reference"]
            found.balances[user] += cents if name == "wallet_credit" else -cents
            found.overdrawn += found.balances[user] < 0
            found.misstated += found.balances[user] != data["balance_cents"]
            found.repeated += (user, reference) in references
            references.add((user, reference))
            if name == "wallet_debit":
                paid[reference.partition(":")[2]] = cents
        elif name == "item_acquire":
            found.repeated += data["item_id"] in owned[user]
            if data["type"] != "drink":
                owned[user].add(data["item_id"])
            found.unpaid += paid.get(data["acquisition_id"]) != data["price_cents"]
            had[data["acquisition_id"]] += 1
    found.things = had.total()
    found.repeated += sum(times - 1 for times in had.values())
    found.unpaid += len(paid.keys() - had.keys())
    found.doubled = sum(len(ids) > 1 for ids in told.values())
    known = {str(id) for ids in told.values() for id in ids}
    found.lost, found.untold = len(known - had.keys()), len(had.keys() - known)
    return found


async def checked(pool: Pool, told: Told) -> Verdict:
    """The verdict over the log; the wallets agree with it."""
    async with pool.acquire() as db, db.transaction(isolation="repeatable_read"):
        found = verdict([(row["name"], row["data"]) for row in await db.fetch(LOG)], told)
        balances = {str(row["user_id"]): row["balance_cents"] for row in await db.fetch(BALANCES)}
    found.misstated += sum(balances[user] != cents for user, cents in found.balances.items())
    return found
