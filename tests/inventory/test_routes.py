"""Inventory over HTTP: every answer the surface promises."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from libs.contracts.identity import UserReinstate, UserSuspend
from libs.contracts.social import BlockUser, UnblockUser
from libs.safety.pairs import pair_stream
from services.inventory.__main__ import compose
from services.inventory.deciders.item import item_id_of
from services.inventory.settings import InventorySettings
from tests.api import Issuer, answering, issuing, told
from tests.inventory.house import ANN, BEER, BOB, HAT, House, after

PROBLEM = "https://virtubar.dev/problems/"
OPERATOR = UUID(int=9)
BEER_ID, HAT_ID = str(item_id_of(BEER.sku)), str(item_id_of(HAT.sku))
SHOT = {"sku": "drink-shot", "type": "drink", "name": "Shot", "price_cents": 250}


@dataclass
class Api:
    http: httpx2.AsyncClient
    issuer: Issuer
    house: House

    async def __call__(
        self, who: UUID, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> httpx2.Response:
        roles = ["operator"] if who == OPERATOR else []
        headers = self.issuer.headers(who, roles=roles) | ({"idempotency-key": key} if key else {})
        return await self.http.request(method, f"/v1{path}", json=body, headers=headers)

    async def buys(self, who: UUID, item: str = BEER_ID, price: int = 300, **more: Any) -> httpx2.Response:
        return await self(who, "POST", f"/items/{item}/purchases", {"expected_price_cents": price}, **more)

    async def gives(self, who: UUID, to: UUID, item: str = BEER_ID, price: int = 300, **more: Any) -> httpx2.Response:
        body = {"user_id": str(to), "expected_price_cents": price}
        return await self(who, "POST", f"/items/{item}/gifts", body, **more)

    async def wallet(self, who: UUID) -> int:
        cents: int = (await self(who, "GET", "/wallet")).json()["balance_cents"]
        return cents

    async def skus(self, who: UUID) -> list[str]:
        return [item["sku"] for item in (await self(who, "GET", "/inventory")).json()["items"]]


@pytest.fixture
async def api(house: House) -> AsyncIterator[Api]:
    async with (
        issuing() as issuer,
        compose(InventorySettings(**told(house.urls, issuer)), ["api"], lambda: house.now) as parts,
        answering(parts) as http,
    ):
        yield Api(http, issuer, house)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)


async def test_an_item_is_listed_shown_retired_and_kept_by_who_has_it(api: Api) -> None:
    made = await api(OPERATOR, "POST", "/items", SHOT | {"metadata": {"glass": "shot", "strength": 5}}, key="k1")
    assert made.status_code == 201
    card = made.json()
    assert card == {
        **SHOT,
        "id": str(item_id_of("drink-shot")),
        "metadata": {"glass": "shot", "strength": 5},
        "active": True,
    }
    again = await api(OPERATOR, "POST", "/items", SHOT | {"metadata": {"glass": "shot", "strength": 5}}, key="k1")
    assert (again.status_code, again.json()) == (201, card)
    assert problem(await api(OPERATOR, "POST", "/items", SHOT)) == (409, "sku_taken")
    assert card in (await api(ANN, "GET", "/items?type=drink")).json()["items"]
    assert (await api.buys(ANN, card["id"], 250)).status_code == 201
    for _ in range(2):
        assert (await api(OPERATOR, "DELETE", f"/items/{card['id']}")).status_code == 204
    assert card["id"] not in [item["id"] for item in (await api(ANN, "GET", "/items")).json()["items"]]
    assert problem(await api.buys(ANN, card["id"], 250)) == (410, "item_retired")
    assert problem(await api.gives(ANN, BOB, card["id"], 250)) == (404, "not_found")
    assert await api.skus(ANN) == ["drink-shot"]
    assert problem(await api(OPERATOR, "POST", "/items", SHOT)) == (409, "sku_taken"), "its history has the name"
    assert problem(await api(OPERATOR, "DELETE", f"/items/{uuid4()}")) == (404, "not_found")


async def test_the_menu_comes_page_by_page_cheapest_first(api: Api) -> None:
    for n in range(5):
        await api(OPERATOR, "POST", "/items", SHOT | {"sku": f"drink-{n}", "price_cents": 100 * (n % 2)})
    found, cursor = [], ""
    while cursor is not None:
        page = (await api(ANN, "GET", f"/items?limit=2{cursor and '&cursor='}{cursor}")).json()
        found += [(item["price_cents"], item["id"]) for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(found) == 7
    assert found == sorted(found)
    assert [item["sku"] for item in (await api(ANN, "GET", "/items?type=cosmetic")).json()["items"]] == [HAT.sku]


async def test_only_operators_write_the_menu_and_credit_wallets(api: Api) -> None:
    credit = {"amount_cents": 100, "reference": "mine"}
    for method, path, body in (
        ("POST", "/items", SHOT),
        ("DELETE", f"/items/{BEER_ID}", None),
        ("POST", f"/wallets/{ANN}/credits", credit),
    ):
        assert problem(await api(ANN, method, path, body)) == (403, "forbidden"), path


async def test_a_purchase_takes_the_money_and_brings_the_thing(api: Api) -> None:
    bought = await api.buys(ANN, key="k1")
    assert bought.status_code == 201
    told = bought.json()
    assert told == {
        "id": told["id"],
        "user_id": str(ANN),
        "item_id": BEER_ID,
        "acquired_at": "2026-02-06T21:00:00Z",
        "sku": BEER.sku,
        "type": "drink",
        "name": "Beer",
        "price_cents": 300,
        "balance_cents": 1_700,
    }
    assert await api.wallet(ANN) == 1_700
    [owned] = (await api(ANN, "GET", "/inventory")).json()["items"]
    assert {name: told[name] for name in ("id", "user_id", "item_id", "acquired_at")}.items() <= owned.items()
    assert (await api.buys(ANN, HAT_ID, 900)).status_code == 201
    assert problem(await api.buys(ANN, HAT_ID, 900)) == (409, "already_owned")
    assert problem(await api.buys(ANN, price=299)) == (409, "price_changed")
    assert problem(await api.buys(ANN, str(uuid4()))) == (404, "not_found")
    assert [(await api.buys(ANN)).status_code for _ in range(2)] == [201, 201]
    assert problem(await api.buys(ANN)) == (402, "insufficient_funds")
    assert await api.wallet(ANN) == 200
    assert sorted(await api.skus(ANN)) == [HAT.sku, *[BEER.sku] * 3]


async def test_a_repeated_purchase_is_one_purchase_with_one_answer(api: Api) -> None:
    first = await api.buys(ANN, key="k1")
    await api.buys(ANN, key="k2")
    again = await api.buys(ANN, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert problem(await api.buys(ANN, HAT_ID, 900, key="k1")) == (422, "idempotency_mismatch")
    assert await api.wallet(ANN) == 1_400
    await api.house.pool.execute("delete from idempotency")
    late = await api.buys(ANN, key="k1")
    assert (late.status_code, late.json()) == (201, first.json()), "the ledger knows what the record forgot"
    assert await api.wallet(ANN) == 1_400


async def test_a_gift_is_paid_by_one_and_had_by_the_other(api: Api) -> None:
    assert problem(await api.gives(ANN, BOB)) == (404, "not_found"), "nobody has heard of Bob"
    await api.house.registers(BOB)
    given = await api.gives(ANN, BOB, key="k1")
    assert given.status_code == 201
    assert (given.json()["user_id"], given.json()["balance_cents"]) == (str(BOB), 1_700)
    assert (await api.gives(ANN, BOB, key="k1")).json() == given.json()
    assert [await api.wallet(each) for each in (ANN, BOB)] == [1_700, 2_000]
    assert [await api.skus(each) for each in (ANN, BOB)] == [[], [BEER.sku]]
    assert problem(await api.gives(ANN, ANN)) == (409, "self")
    await api.house.inventory.wallets.credit(ANN, 900, "for-the-hat", after(1))
    assert (await api.gives(ANN, BOB, HAT_ID, 900)).status_code == 201
    assert problem(await api.gives(ANN, BOB, HAT_ID, 900)) == (409, "already_owned")
    assert problem(await api.buys(BOB, HAT_ID, 900)) == (409, "already_owned")
    assert problem(await api.gives(ANN, BOB, price=1)) == (409, "price_changed")
    assert [(await api.gives(ANN, BOB)).status_code for _ in range(6)] == [*[201] * 5, 402]
    assert problem(await api.gives(ANN, BOB)) == (402, "insufficient_funds")


async def test_whom_a_gift_may_not_reach_is_not_there(api: Api) -> None:
    cem = UUID(int=3)
    for person in (ANN, BOB, cem):
        await api.house.registers(person)
    pair, absent = pair_stream(ANN, BOB), (404, "not_found")
    first = await api.gives(ANN, BOB, key="k1")
    blocked = await api.house.hears(BlockUser(blocker_user_id=BOB, blocked_user_id=ANN), pair, 1)
    assert problem(await api.gives(ANN, BOB)) == absent
    assert problem(await api.gives(BOB, ANN)) == absent, "a block holds both ways"
    assert (await api.gives(ANN, BOB, key="k1")).json() == first.json(), "what was given stays given"
    assert (await api.gives(ANN, cem)).status_code == 201
    await api.house.hears(UnblockUser(blocker_user_id=BOB, blocked_user_id=ANN), pair, 2)
    await api.house.applying.alone(blocked)
    assert (await api.gives(ANN, BOB)).status_code == 201
    await api.house.hears(UserSuspend(user_id=BOB, sanction_id=uuid4()))
    assert problem(await api.gives(ANN, BOB)) == absent
    await api.house.hears(UserReinstate(user_id=BOB))
    assert (await api.gives(ANN, BOB)).status_code == 201
    await api.house.erases(BOB)
    assert problem(await api.gives(ANN, BOB)) == absent
    assert (await api.gives(ANN, BOB, key="k1")).json() == first.json()
    assert problem(await api(BOB, "GET", "/wallet")) == (401, "person_erased")


async def test_an_operator_credits_a_wallet_once_per_reference(api: Api) -> None:
    await api.house.registers(ANN)
    path, credit = f"/wallets/{ANN}/credits", {"amount_cents": 500, "reference": "order-1"}
    made = await api(OPERATOR, "POST", path, credit, key="k1")
    assert made.status_code == 201
    entry = made.json()
    assert (entry["amount_cents"], entry["balance_cents"], entry["reference"]) == (500, 2_500, "credit:order-1")
    assert (await api(OPERATOR, "POST", path, credit, key="k1")).json() == entry
    assert problem(await api(OPERATOR, "POST", path, credit)) == (409, "reference_used")
    await api.house.pool.execute("delete from idempotency")
    assert problem(await api(OPERATOR, "POST", path, credit, key="k1")) == (409, "reference_used")
    too_much = {"amount_cents": 2**31 - 1, "reference": "order-2"}
    assert problem(await api(OPERATOR, "POST", path, too_much)) == (409, "wallet_full")
    assert problem(await api(OPERATOR, "POST", f"/wallets/{uuid4()}/credits", credit)) == (404, "not_found")
    assert await api.wallet(ANN) == 2_500


async def test_every_cent_is_in_the_entries_newest_first(api: Api) -> None:
    await api.house.registers(BOB)
    for n, do in enumerate((api.buys(ANN), api.gives(ANN, BOB), api.buys(ANN, HAT_ID, 900))):
        api.house.now = after(n)
        await do
    pages, cursor = [], ""
    while cursor is not None:
        page = (await api(ANN, "GET", f"/wallet/entries?limit=3{cursor and '&cursor='}{cursor}")).json()
        pages += page["items"]
        cursor = page["next_cursor"]
    assert [(e["amount_cents"], e["balance_cents"], e["reference"].partition(":")[0]) for e in pages] == [
        (-900, 500, "purchase"),
        (-300, 1_400, "gift"),
        (-300, 1_700, "purchase"),
        (2_000, 2_000, "welcome"),
    ]
    assert [e["reference"] for e in (await api(BOB, "GET", "/wallet/entries")).json()["items"]] == ["welcome:1"]


INVALID: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/items", SHOT | {"sku": "Bad Sku"}),
    ("POST", "/items", SHOT | {"price_cents": -1}),
    ("POST", "/items", SHOT | {"name": " "}),
    ("POST", "/items", SHOT | {"name": "\u202eShot"}),
    ("POST", "/items", SHOT | {"metadata": {"Bad Key": 1}}),
    ("POST", "/items", SHOT | {"metadata": {"deep": {"er": 1}}}),
    ("POST", "/items", SHOT | {"metadata": {"long": "x" * 201}}),
    ("POST", "/items", SHOT | {"metadata": {f"k{n}": n for n in range(17)}}),
    ("POST", f"/items/{BEER_ID}/purchases", {}),
    ("POST", f"/items/{BEER_ID}/purchases", {"expected_price_cents": "300"}),
    ("POST", f"/items/{BEER_ID}/gifts", {"expected_price_cents": 300}),
    ("POST", "/items/beer/purchases", {"expected_price_cents": 300}),
    ("POST", f"/wallets/{ANN}/credits", {"amount_cents": 0, "reference": "a"}),
    ("POST", f"/wallets/{ANN}/credits", {"amount_cents": 1, "reference": "For Ann, with love"}),
    ("GET", "/items?type=food", None),
    ("GET", "/items?cursor=nonsense", None),
    ("GET", "/wallet/entries?limit=0", None),
    ("GET", "/inventory?limit=101", None),
)


async def test_what_does_not_fit_is_invalid(api: Api) -> None:
    for method, path, body in INVALID:
        assert problem(await api(OPERATOR, method, path, body)) == (422, "invalid"), (method, path, body)


async def test_everything_takes_a_token(api: Api) -> None:
    for method, path in (
        ("GET", "/items"),
        ("POST", "/items"),
        ("DELETE", f"/items/{BEER_ID}"),
        ("POST", f"/items/{BEER_ID}/purchases"),
        ("POST", f"/items/{BEER_ID}/gifts"),
        ("GET", "/inventory"),
        ("GET", "/wallet"),
        ("GET", "/wallet/entries"),
        ("POST", f"/wallets/{ANN}/credits"),
    ):
        answer = await api.http.request(method, f"/v1{path}", json={} if method == "POST" else None)
        assert problem(answer) == (401, "unauthenticated"), (method, path)
