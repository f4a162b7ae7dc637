"""Kafka in: sanctions close accounts and open them again; whoever is deleted is forgotten, here as elsewhere."""

from libs.chassis.consumers import Consumers
from libs.contracts.cloudevents import Envelope
from libs.contracts.erasure import ErasureDone
from libs.contracts.identity import UserDelete
from libs.contracts.moderation import SanctionLift, SanctionUser
from libs.eventstore.gone import erase
from libs.eventstore.keys import KeyRing
from libs.eventstore.meta import Meta
from libs.eventstore.unit import Unit
from services.identity import banlist
from services.identity.accounts import hold
from services.identity.commands import Command, FinishErasure, Reinstate, Suspend
from services.identity.decider import USER, stream_of
from services.identity.erasures import answered

# Across topics there is no order: the end of a sanction may be heard before its beginning.
HEARD_LIFT = """
select exists (
  select from heard where name = 'sanction_lift' and subject = $1 and (data ->> 'sanction_id')::uuid = $2
)"""

CLOSING = ("suspend", "ban")  # the kinds of sanction that end all sessions; the others concern other services


def listen(consumers: Consumers, keys: KeyRing) -> None:
    consumers.command(SanctionUser, on_sanction)
    consumers.command(SanctionLift, on_lift)
    consumers.command(UserDelete, lambda unit, envelope: on_delete(unit, envelope, keys))
    consumers.replica(ErasureDone, answered)


async def on_sanction(unit: Unit, envelope: Envelope) -> None:
    """Refused, and so a dead letter, for a user nobody knows."""
    match envelope.event():
        case SanctionUser(user_id=user, sanction_id=sanction, kind=kind, until=until) if kind in CLOSING:
            await hold(unit, user)  # or a lift that is being handled elsewhere would not see this one
            if not await unit.db.fetchval(HEARD_LIFT, user, sanction):
                await _decide(unit, envelope, Suspend(user, sanction, until))


async def on_lift(unit: Unit, envelope: Envelope) -> None:
    match envelope.event():
        case SanctionLift(user_id=user, sanction_id=sanction):
            await hold(unit, user)
            await banlist.lift(unit.db, sanction)
            await _decide(unit, envelope, Reinstate(user, sanction))


async def on_delete(unit: Unit, envelope: Envelope, keys: KeyRing) -> None:
    """Our own event, as every service hears it. The rows went with it; what is left is what the log still says."""
    await hold(unit, envelope.subject)
    await erase(unit.db, keys, envelope.subject)
    await _decide(unit, envelope, FinishErasure(envelope.subject))


async def _decide(unit: Unit, envelope: Envelope, command: Command) -> None:
    stream = await unit.load(USER, stream_of(command.user_id))
    await unit.append(USER, stream, USER.decide(stream.state, command), Meta.caused_by(envelope))
