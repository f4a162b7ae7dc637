"""What one person's money may do, and what they have for it. Stream `wallet-{user}`.

A wallet opens with the welcome credit and never goes below nothing. Every movement has a reference, which the ledger
takes once. `known` says that it has it already: so a repeat is told from a second wish for as long as the ledger lasts,
and the state stays small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.inventory import ItemAcquire, ItemGift, WalletCredit, WalletDebit
from libs.contracts.vocabulary import AcquireSource, ItemType
from libs.eventstore.decider import Decider
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

MOST: Final = 2**31 - 1  # cents in one wallet, as contracts say
WELCOME: Final = "welcome:1"
AGAIN: Final = ("drink",)  # types that can be had again and again


def wallet_stream(user_id: UUID) -> str:
    return f"wallet-{user_id}"


@dataclass(frozen=True, slots=True)
class Offer:
    """An item as the menu has it."""

    item_id: UUID
    sku: str
    type: ItemType
    price_cents: int
    active: bool = True

    def agreed(self, expected_price_cents: int) -> None:
        """Raises ItemRetired, PriceChanged."""
        if not self.active:
            raise ItemRetired
        if self.price_cents != expected_price_cents:
            raise PriceChanged


@dataclass(frozen=True, slots=True)
class Open:
    """Open the wallet with the house's welcome."""

    user_id: UUID
    welcome_cents: int


@dataclass(frozen=True, slots=True)
class Credit:
    """Money from outside. `reference` with its kind: `credit:42`."""

    user_id: UUID
    amount_cents: int
    reference: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class Buy:
    """An item for oneself; `acquisition_id` is the same for every repeat of one request."""

    user_id: UUID
    acquisition_id: UUID
    offer: Offer
    expected_price_cents: int
    known: bool = False


@dataclass(frozen=True, slots=True)
class Give:
    """Pay for somebody else's item."""

    user_id: UUID
    to_user_id: UUID
    acquisition_id: UUID
    offer: Offer
    expected_price_cents: int
    known: bool = False


@dataclass(frozen=True, slots=True)
class Receive:
    """Have what somebody else pays for."""

    user_id: UUID
    acquisition_id: UUID
    offer: Offer


@dataclass(frozen=True, slots=True)
class Unopened:
    kind: Literal["unopened"] = "unopened"


@dataclass(frozen=True, slots=True)
class Opened:
    """`owned` are the items one has once, at most as many as were ever listed."""

    balance_cents: int
    owned: frozenset[UUID] = frozenset()
    kind: Literal["opened"] = "opened"


Wallet = Unopened | Opened


def balance_of(state: Wallet) -> int:
    """In cents."""
    return state.balance_cents if isinstance(state, Opened) else 0


Command = Open | Credit | Buy | Give | Receive


def decide(state: Wallet, command: Command) -> Sequence[Event]:
    match state, command:
        case Unopened(), Open(user_id, cents):
            return [_credit(user_id, cents, cents, WELCOME)]
        case _, Open():
            return []
        case Unopened(), _:
            raise NotFound
        case Opened(), Credit():
            return _be_credited(state, command)
        case Opened(), Buy() | Give() if command.known:
            return []
        case Opened(), Buy(user_id, acquisition_id, offer, expected):
            offer.agreed(expected)
            _not_twice(state, offer)
            debit = _debit(state, user_id, offer, f"purchase:{acquisition_id}")
            return [debit, _acquire(user_id, acquisition_id, offer, "purchase")]
        case Opened(), Give(user_id, to_user_id, acquisition_id, offer, expected):
            if user_id == to_user_id:
                raise Self
            offer.agreed(expected)
            debit = _debit(state, user_id, offer, f"gift:{acquisition_id}")
            gift = ItemGift(
                user_id=user_id, to_user_id=to_user_id, item_id=offer.item_id, sku=offer.sku, type=offer.type
            )
            return [debit, gift]
        case Opened(), Receive(user_id, acquisition_id, offer):
            _not_twice(state, offer)
            return [_acquire(user_id, acquisition_id, offer, "gift")]
        case _:
            raise AssertionError(f"no answer to {command}")


def _be_credited(state: Opened, command: Credit) -> Sequence[Event]:
    if command.known:
        raise ReferenceUsed
    balance = state.balance_cents + command.amount_cents
    if balance > MOST:
        raise WalletFull
    return [_credit(command.user_id, command.amount_cents, balance, command.reference)]


def _not_twice(state: Opened, offer: Offer) -> None:
    if offer.item_id in state.owned:
        raise AlreadyOwned


def _credit(user_id: UUID, amount: int, balance: int, reference: str) -> WalletCredit:
    return WalletCredit(user_id=user_id, amount_cents=amount, balance_cents=balance, reference=reference)


def _debit(state: Opened, user_id: UUID, offer: Offer, reference: str) -> WalletDebit:
    left = state.balance_cents - offer.price_cents
    if left < 0:
        raise InsufficientFunds
    return WalletDebit(user_id=user_id, amount_cents=offer.price_cents, balance_cents=left, reference=reference)


def _acquire(user_id: UUID, acquisition_id: UUID, offer: Offer, source: AcquireSource) -> ItemAcquire:
    return ItemAcquire(
        acquisition_id=acquisition_id,
        user_id=user_id,
        item_id=offer.item_id,
        sku=offer.sku,
        type=offer.type,
        price_cents=offer.price_cents,
        source=source,
    )


def evolve(state: Wallet, event: Event) -> Wallet:
    match event, state:
        case WalletCredit(amount_cents=cents), Unopened():
            return Opened(cents)
        case WalletCredit(amount_cents=cents), Opened(balance):
            return replace(state, balance_cents=balance + cents)
        case WalletDebit(amount_cents=cents), Opened(balance):
            return replace(state, balance_cents=balance - cents)
        case ItemAcquire(item_id=item_id, type=type), Opened(owned=owned) if type not in AGAIN:
            return replace(state, owned=owned | {item_id})
        case _:
            return state


WALLET: Decider[Wallet, Command] = Decider("wallet", Unopened(), decide, evolve, state_type=Wallet)
