"""Kafka in: who has come, who is suspended, who is to be forgotten."""

from libs.chassis.consumers import Consumers
from libs.chassis.erasing import erases
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserDelete, UserRegister, UserReinstate, UserSuspend
from libs.eventstore.gone import is_erased
from libs.eventstore.keys import KeyRing
from libs.eventstore.meta import Meta
from libs.eventstore.unit import Unit
from libs.safety.standings import STANDINGS
from services.social.erasure import clear
from services.social.service import Social


def listen(consumers: Consumers, social: Social, keys: KeyRing) -> None:
    async def on_user_register(unit: Unit, envelope: Envelope) -> None:
        if not await is_erased(unit.db, envelope.subject):  # what was heard late makes nobody anew
            unit.meta = Meta.caused_by(envelope)
            await social.profiles.created(unit, envelope.subject)

    consumers.command(UserRegister, on_user_register)
    for event in (UserSuspend, UserReinstate, UserDelete):
        consumers.replica(event, STANDINGS.apply)
    erases(consumers, "social", keys, clear)
