"""What a wallet may do, and that saying it twice changes nothing."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from libs.contracts.event import Event
from libs.contracts.inventory import ItemAcquire, ItemGift, WalletCredit, WalletDebit
from libs.eventstore.decider import Refused
from services.inventory.deciders.refusals import (
    AlreadyOwned,
    InsufficientFunds,
    ItemRetired,
    NotFound,
    PriceChanged,
    ReferenceUsed,
    Self,
    WalletFull,
)
from services.inventory.deciders.wallet import (
    MOST,
    WALLET,
    Buy,
    Command,
    Credit,
    Give,
    Offer,
    Open,
    Opened,
    Receive,
    balance_of,
    decide,
)
from tests.given import given
from tests.inventory.house import ANN, BOB

WHICH = UUID(int=301)
BEER = Offer(UUID(int=101), "drink-beer", "drink", 300)
HAT = Offer(UUID(int=102), "cosmetic-hat", "cosmetic", 900)
WINK = Offer(UUID(int=103), "emote-wink", "emote", 0)
GONE = Offer(UUID(int=104), "drink-gone", "drink", 100, active=False)


def credit(amount: int, balance: int, reference: str = "welcome:1") -> WalletCredit:
    return WalletCredit(user_id=ANN, amount_cents=amount, balance_cents=balance, reference=reference)


def debit(amount: int, balance: int, reference: str = f"purchase:{WHICH}") -> WalletDebit:
    return WalletDebit(user_id=ANN, amount_cents=amount, balance_cents=balance, reference=reference)


def acquire(offer: Offer, source: Any = "purchase") -> ItemAcquire:
    return ItemAcquire(
        acquisition_id=WHICH,
        user_id=ANN,
        item_id=offer.item_id,
        sku=offer.sku,
        type=offer.type,
        price_cents=offer.price_cents,
        source=source,
    )


def buy(offer: Offer = BEER, id: UUID = WHICH, **more: Any) -> Buy:
    return Buy(ANN, id, offer, more.pop("expected", offer.price_cents), **more)


def give(offer: Offer = BEER, to: UUID = BOB, id: UUID = WHICH, **more: Any) -> Give:
    return Give(ANN, to, id, offer, more.pop("expected", offer.price_cents), **more)


RICH = credit(2_000, 2_000)
WITH_HAT = [RICH, debit(900, 1_100), acquire(HAT)]


def test_a_wallet_opens_with_a_welcome_and_once() -> None:
    given(WALLET).when(Open(ANN, 2_000)).then(RICH)
    given(WALLET, RICH).when(Open(ANN, 2_000)).then()
    given(WALLET, RICH).when(Open(ANN, 5_000)).then()


@pytest.mark.parametrize("command", [Credit(ANN, 1, "credit:1"), buy(), give(), Receive(ANN, WHICH, BEER)])
def test_without_a_wallet_nothing_happens(command: Command) -> None:
    given(WALLET).when(command).then_refused(NotFound)


def test_a_purchase_is_a_debit_and_a_thing() -> None:
    after = given(WALLET, RICH).when(buy()).then(debit(300, 1_700), acquire(BEER))
    assert after == Opened(1_700), "drinks are had again and again, so none is remembered"
    assert given(WALLET, *WITH_HAT).when(buy(WINK)).then(debit(0, 1_100), acquire(WINK)) == Opened(
        1_100, frozenset({HAT.item_id, WINK.item_id})
    )


def test_a_gift_is_a_debit_here_and_a_thing_there() -> None:
    gift = ItemGift(user_id=ANN, to_user_id=BOB, item_id=HAT.item_id, sku=HAT.sku, type=HAT.type)
    given(WALLET, RICH).when(give(HAT)).then(debit(900, 1_100, f"gift:{WHICH}"), gift)
    given(WALLET, *WITH_HAT).when(give(HAT)).then(debit(900, 200, f"gift:{WHICH}"), gift)
    given(WALLET, RICH).when(Receive(ANN, WHICH, HAT)).then(acquire(HAT, "gift"))


@pytest.mark.parametrize("wish", [buy, give])
def test_what_stands_in_the_way_of_buying(wish: Callable[..., Command]) -> None:
    given(WALLET, credit(299, 299)).when(wish()).then_refused(InsufficientFunds)
    given(WALLET, RICH).when(wish(expected=299)).then_refused(PriceChanged)
    given(WALLET, RICH).when(wish(GONE)).then_refused(ItemRetired)
    given(WALLET, RICH).when(wish(GONE, expected=1)).then_refused(ItemRetired)


def test_what_is_had_once_is_not_had_twice() -> None:
    given(WALLET, *WITH_HAT).when(buy(HAT)).then_refused(AlreadyOwned)
    given(WALLET, *WITH_HAT).when(Receive(ANN, WHICH, HAT)).then_refused(AlreadyOwned)
    given(WALLET, RICH, acquire(HAT, "gift")).when(buy(HAT)).then_refused(AlreadyOwned)


def test_a_gift_is_for_somebody_else() -> None:
    given(WALLET, RICH).when(give(to=ANN)).then_refused(Self)


@pytest.mark.parametrize("repeat", [buy(known=True), give(known=True), buy(GONE, known=True), buy(HAT, known=True)])
def test_a_repeat_changes_nothing_whatever_has_changed_since(repeat: Command) -> None:
    given(WALLET, *WITH_HAT).when(repeat).then()


def test_credits_come_once_per_reference_and_not_above_what_a_wallet_holds() -> None:
    given(WALLET, RICH).when(Credit(ANN, 5, "credit:1")).then(credit(5, 2_005, "credit:1"))
    given(WALLET, RICH).when(Credit(ANN, 5, "credit:1", known=True)).then_refused(ReferenceUsed)
    given(WALLET, RICH).when(Credit(ANN, MOST - 2_000, "credit:1")).then(credit(MOST - 2_000, MOST, "credit:1"))
    given(WALLET, RICH).when(Credit(ANN, MOST - 1_999, "credit:1")).then_refused(WalletFull)


def test_a_wallet_ignores_what_it_does_not_know() -> None:
    assert WALLET.evolve(Opened(5), acquire(BEER)) == Opened(5)
    assert WALLET.evolve(WALLET.initial, debit(5, 0)) == WALLET.initial


OFFERS = st.sampled_from([BEER, HAT, WINK, GONE])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Open, st.just(ANN), st.integers(0, 3_000)),
    st.builds(Credit, st.just(ANN), st.integers(1, 1_000), st.integers(0, 3).map(lambda n: f"credit:{n}")),
    st.builds(Buy, st.just(ANN), st.uuids(version=4), OFFERS, st.sampled_from([300, 900, 0])),
    st.builds(
        Give, st.just(ANN), st.sampled_from([ANN, BOB]), st.uuids(version=4), OFFERS, st.sampled_from([300, 900])
    ),
    st.builds(Receive, st.just(ANN), st.uuids(version=4), OFFERS),
)


def reference_of(command: Command) -> str | None:
    match command:
        case Credit(reference=reference):
            return reference
        case Buy(acquisition_id=id):
            return f"purchase:{id}"
        case Give(acquisition_id=id):
            return f"gift:{id}"
    return None


def played(script: Sequence[Command]) -> list[Event]:
    """The history of a script, each command said twice; the ledger of references as the door keeps it."""
    history: list[Event] = []
    for command in [each for each in script for _ in range(2)]:
        state = WALLET.fold(history)
        entered = {event.reference for event in history if isinstance(event, WalletCredit | WalletDebit)}
        if isinstance(command, Credit | Buy | Give) and reference_of(command) in entered:
            command = type(command)(**{**vars_of(command), "known": True})
        with suppress(Refused):
            history += decide(state, command)
    return history


def vars_of(command: Command) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__dataclass_fields__}


@forall(st.lists(COMMANDS, max_size=30))
def test_whatever_is_asked_the_balance_is_the_sum_and_never_below_nothing(script: list[Command]) -> None:
    history, balance, owned = played(script), 0, []
    for event in history:
        match event:
            case WalletCredit(amount_cents=cents):
                balance += cents
                assert event.balance_cents == balance
            case WalletDebit(amount_cents=cents):
                balance -= cents
                assert event.balance_cents == balance >= 0
            case ItemAcquire(type=type, item_id=item) if type != "drink":
                owned.append(item)
    state = WALLET.fold(history)
    assert balance_of(state) == balance
    assert len(owned) == len(set(owned))
    assert isinstance(state, Opened) or not history
    assert not isinstance(state, Opened) or state.owned == set(owned)
    references = [event.reference for event in history if isinstance(event, WalletCredit | WalletDebit)]
    assert len(references) == len(set(references)), "each movement once"
    bought = [f"purchase:{e.acquisition_id}" for e in history if isinstance(e, ItemAcquire) and e.source == "purchase"]
    assert bought == [reference for reference in references if reference.startswith("purchase")]
