"""Kafka in: newcomers get a wallet, and whoever may be given something is known."""

from libs.chassis.consumers import Consumers
from libs.chassis.erasing import erases
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserDelete, UserRegister, UserReinstate, UserSuspend
from libs.contracts.social import BlockUser, UnblockUser
from libs.eventstore.db import Db
from libs.eventstore.gone import is_erased
from libs.eventstore.keys import KeyRing
from libs.eventstore.meta import Meta
from libs.eventstore.unit import Unit
from libs.safety.replica import PAIRS
from libs.safety.standings import STANDINGS
from services.inventory.erasure import clear
from services.inventory.wallets import Wallets, open_wallet


def listen(consumers: Consumers, wallets: Wallets, keys: KeyRing) -> None:
    async def on_user_register(unit: Unit, envelope: Envelope) -> None:
        if not await is_erased(unit.db, envelope.subject):
            await open_wallet(unit, envelope.subject, wallets.welcome_cents, Meta.caused_by(envelope))

    consumers.command(UserRegister, on_user_register)
    for said in (BlockUser, UnblockUser):
        consumers.replica(said, PAIRS.apply)
    for closed in (UserSuspend, UserReinstate):
        consumers.replica(closed, STANDINGS.apply)
    consumers.replica(UserDelete, forget)
    erases(consumers, "inventory", keys, clear)


async def forget(db: Db, envelope: Envelope) -> None:
    """What others' topics told of this person."""
    for replica in (PAIRS, STANDINGS):
        await replica.apply(db, envelope)
