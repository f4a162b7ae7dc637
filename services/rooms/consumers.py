"""Kafka in: a visit ends with the login it began by, and with the account."""

from libs.chassis.consumers import Consumers
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import SessionRevoke, UserDelete, UserSuspend
from libs.eventstore.meta import Meta
from libs.eventstore.unit import Unit
from services.rooms.deciders.visitor import Revoke
from services.rooms.visits import revoke


def listen(consumers: Consumers) -> None:
    consumers.command(SessionRevoke, on_session_revoke)
    consumers.command(UserSuspend, on_user_suspend)
    consumers.command(UserDelete, on_user_delete)


async def on_session_revoke(unit: Unit, envelope: Envelope) -> None:
    match envelope.event():
        case SessionRevoke(user_id=user, session_id=None):  # all of them, and none that began since
            await revoke(unit, user, Revoke("revoked", unit.at, issued_until=envelope.time), Meta.caused_by(envelope))
        case SessionRevoke(user_id=user, session_id=session):
            await revoke(unit, user, Revoke("revoked", unit.at, session), Meta.caused_by(envelope))


async def on_user_suspend(unit: Unit, envelope: Envelope) -> None:
    # heard late, it says nothing of visits that began after the reinstatement
    command = Revoke("suspended", unit.at, issued_until=envelope.time)
    await revoke(unit, envelope.subject, command, Meta.caused_by(envelope))


async def on_user_delete(unit: Unit, envelope: Envelope) -> None:
    await revoke(unit, envelope.subject, Revoke("deleted", unit.at), Meta.caused_by(envelope))
