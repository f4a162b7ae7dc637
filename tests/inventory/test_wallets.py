"""One welcome each, however many ask for it at once; one gone, nothing left but the sums."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from libs.contracts.identity import UserReinstate, UserSuspend
from libs.contracts.social import BlockUser, UnblockUser
from libs.eventstore.gone import PersonErased
from libs.eventstore.verify import stream_faults
from libs.safety.pairs import pair_stream
from services.inventory import audit
from services.inventory.deciders import DECIDERS
from services.inventory.deciders.refusals import NotFound
from services.inventory.projections import SALES, WELCOMES
from services.inventory.seed import STARTERS, seed
from tests.inventory.house import ANN, BEER, BOB, HAT, NINE, House, after, request


async def test_a_newcomer_is_welcomed_once_whoever_comes_first(house: House) -> None:
    """Identity's word, twice, and the newcomer's own first look and purchases, all at one moment."""
    for n in range(15):
        user = uuid4()
        rush = [
            house.registers(user),
            house.registers(user),
            house.inventory.wallets.open(user, NINE),
            house.buys(user, once=request(user, "k1")),
            house.buys(user, HAT, once=request(user, "k2")),
        ]
        random.Random(n).shuffle(rush)
        await asyncio.gather(*rush)
        story = await house.story(user)
        assert story.count("wallet_credit") == 1
        assert story[0] == "wallet_credit"
        assert await house.balance(user) == 2_000 - 300 - 900
    assert await audit.faults(house.owner) == []


async def an_evening(house: House) -> None:
    """Something of everything."""
    await seed(house.inventory.catalogue, NINE)
    for user in (ANN, BOB):
        await house.registers(user)
    await house.buys(ANN, once=request(ANN, "k1"), at=after(1))
    await house.gives(ANN, BOB, HAT, at=after(2))
    await house.gives(BOB, ANN, STARTERS[8], at=after(3))
    await house.inventory.wallets.credit(ANN, 500, "order-1", after(4))
    await house.inventory.catalogue.retire((await house.buys(BOB, STARTERS[0], at=after(5))).item_id, after(6))
    for n, said in enumerate((BlockUser, UnblockUser, BlockUser), 1):
        cem = UUID(int=3)
        await house.hears(said(blocker_user_id=BOB, blocked_user_id=cem), pair_stream(BOB, cem), n)
    for user in (ANN, BOB):
        await house.hears(UserSuspend(user_id=user, sanction_id=uuid4()))
    await house.hears(UserReinstate(user_id=ANN))


async def assert_clean(house: House) -> None:
    report = await house.rebuilt()
    assert report.events > 10
    assert report.differences == []
    assert await audit.faults(house.owner) == []
    assert [fault async for fault in stream_faults(house.owner, DECIDERS)] == []


async def test_every_table_is_what_the_log_comes_to_before_and_after_an_erasure(house: House) -> None:
    await an_evening(house)
    await assert_clean(house)
    for user in (BOB, ANN):
        house.now = after(60)
        for _ in range(2):
            await house.erases(user)
        await assert_clean(house)


async def test_of_an_erased_person_the_sums_remain_and_nothing_says_whose(house: House) -> None:
    await an_evening(house)
    gifts = await house.pool.fetchval("select count(*) from user_inventory where user_id = $1", ANN)
    total = "select sum(amount_cents) from ledger_lines where account_id = any($1::uuid[])"
    sales = await house.pool.fetchval(total, [SALES])
    await house.erases(BOB)
    for table in ("wallets", "user_inventory", "standings", "idempotency", "ledger_entries", "ledger_lines", "pairs"):
        rows = await house.pool.fetch(f"select t::text as said from {table} t")
        assert not [row for row in rows if str(BOB) in row["said"]], table
    assert await house.pool.fetchval(total, [SALES]) == sales, "what was sold stays sold"
    assert await house.pool.fetchval(total, [WELCOMES]) == -4_000
    closed = await house.pool.fetch("select account_id from ledger_entries where reference = 'closing'")
    assert await house.pool.fetchval(total, [row["account_id"] for row in closed]) == 0
    assert await house.balance(ANN) == 2_000 - 300 - 900 + 500
    assert await house.pool.fetchval("select count(*) from user_inventory where user_id = $1", ANN) == gifts


async def test_nobody_comes_back(house: House) -> None:
    """Late words of an erased person, and requests with tokens that are still young, make nothing anew."""
    await house.erases(ANN)
    await house.registers(ANN)
    for late in (
        house.inventory.wallets.open(ANN, NINE),
        house.buys(ANN),
        house.buys(ANN, once=request(ANN, "k1")),
        house.gives(ANN, BOB),
    ):
        with pytest.raises(PersonErased):
            await late
    await house.registers(BOB)
    with pytest.raises(NotFound):
        await house.gives(BOB, ANN)
    with pytest.raises(NotFound):
        await house.inventory.wallets.credit(ANN, 1, "late", NINE)
    await house.hears(UserSuspend(user_id=ANN, sanction_id=uuid4()))
    await house.hears(BlockUser(blocker_user_id=ANN, blocked_user_id=BOB), pair_stream(ANN, BOB), 1)
    for table in ("standings", "pairs"):
        assert await house.pool.fetchval(f"select count(*) from {table}") == 0
    assert await house.balance(ANN) is None


async def test_an_erasure_in_the_middle_of_a_rush_leaves_a_ledger_that_balances(house: House) -> None:
    for n in range(8):
        ann, bob = await house.newcomers(2)
        rush = [
            *(house.buys(ann, once=request(ann, f"k{k}")) for k in range(3)),
            *(house.gives(bob, ann, once=request(bob, f"k{k}")) for k in range(3)),
            *(house.gives(ann, bob) for _ in range(2)),
            house.erases(ann),
        ]
        random.Random(n).shuffle(rush)
        said = await asyncio.gather(*rush, return_exceptions=True)
        assert {type(each) for each in said if isinstance(each, BaseException)} <= {PersonErased, NotFound}
        assert await house.balance(ann) is None
        assert await house.pool.fetchval("select count(*) from user_inventory where user_id = $1", ann) == 0
    assert (await house.rebuilt()).differences == []
    assert await audit.faults(house.owner) == []


async def test_a_spoilt_table_is_mended(house: House) -> None:
    await an_evening(house)
    await house.owner.execute("update wallets set balance_cents = balance_cents + 1")
    await house.owner.execute("delete from ledger_lines where amount_cents > 0")
    await house.owner.execute("delete from user_inventory where user_id = $1", ANN)
    await house.owner.execute("update inventory_items set metadata = '{}'")
    report = await house.rebuilt(merge=True)
    assert {each.table for each in report.differences} == {
        "wallets",
        "ledger_lines",
        "user_inventory",
        "inventory_items",
    }
    await assert_clean(house)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("update wallets set balance_cents = balance_cents + 1 where user_id = '{ann}'", ["wallet of {ann}"]),
        ("delete from ledger_lines where account_id = '{sales}' and amount_cents = 900", ["comes to", "two sides"]),
        ("update ledger_lines set amount_cents = amount_cents + 1 where account_id = '{sales}'", ["comes to", "sides"]),
        ("delete from wallets where user_id = '{ann}'", ["nobody's"]),
        (
            "delete from events where name = 'wallet_debit' and data->>'reference' like 'gift:%'",
            ["gift:", "not paid once"],
        ),
        ("update events set data = data || '{{\"price_cents\": 1}}' where name = 'item_acquire'", ["not paid once"]),
    ],
)
async def test_control_books_that_do_not_balance_are_found_out(house: House, spoil: str, said: list[str]) -> None:
    await an_evening(house)
    assert await audit.faults(house.owner) == []
    await house.owner.execute(spoil.format(ann=ANN, sales=SALES))
    found = "; ".join(await audit.faults(house.owner))
    for words in said:
        assert words.format(ann=ANN) in found


async def test_the_menu_is_seeded_once_and_what_was_retired_stays_so(house: House) -> None:
    await seed(house.inventory.catalogue, NINE)
    [first] = await house.pool.fetch("select id from inventory_items where sku = $1", STARTERS[0].sku)
    await house.inventory.catalogue.retire(first["id"], NINE)
    before = await house.pool.fetchval("select count(*) from events")
    await asyncio.gather(*(seed(house.inventory.catalogue, after(1)) for _ in range(3)))
    assert await house.pool.fetchval("select count(*) from events") == before
    rows = await house.pool.fetch("select sku, active from inventory_items")
    assert {row["sku"] for row in rows if row["active"]} == {BEER.sku, HAT.sku, *(each.sku for each in STARTERS[1:])}
    assert {each.type for each in STARTERS} == {"drink", "emote", "cosmetic"}
