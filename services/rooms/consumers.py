"""Kafka in: a visit ends with the login it began by, with the account, and by sanctions."""

from libs.chassis.consumers import Consumers
from libs.chassis.erasing import erases
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import SessionRevoke, UserDelete, UserSuspend
from libs.contracts.inventory import ItemAcquire
from libs.contracts.moderation import ReportUser, SanctionLift, SanctionUser
from libs.contracts.social import ProfileCreate, ProfileUpdate
from libs.eventstore.db import Db
from libs.eventstore.keys import KeyRing
from libs.eventstore.meta import Meta
from libs.eventstore.unit import Unit
from libs.safety.pairs import PAIR_EVENTS
from libs.safety.replica import PAIRS
from services.rooms.belongings import BELONGINGS
from services.rooms.deciders.visitor import Expel, Revoke
from services.rooms.erasure import clear
from services.rooms.evidence.sealings import on_report_user
from services.rooms.guests import GUESTS
from services.rooms.sanction import ENDS
from services.rooms.sanctions import SANCTIONS, holds
from services.rooms.visits import revoke
from services.rooms.waitlist import step_out
from services.rooms.words import Words


def listen(consumers: Consumers, keys: KeyRing, words: Words | None = None) -> None:
    """Without `words` nobody looks in Redis for those of the erased."""
    consumers.command(SessionRevoke, on_session_revoke)
    consumers.command(UserSuspend, on_user_suspend)
    erases(consumers, "rooms", keys, words.clear if words else clear)
    for sanction in (SanctionUser, SanctionLift):
        consumers.replica(sanction, SANCTIONS.apply)
    consumers.command(SanctionUser, on_sanction_user)
    consumers.command(ReportUser, on_report_user)
    for event in PAIR_EVENTS:
        consumers.replica(event, PAIRS.apply)
    for profile in (ProfileCreate, ProfileUpdate):
        consumers.replica(profile, GUESTS.apply)
    consumers.replica(ItemAcquire, BELONGINGS.apply)
    consumers.replica(UserDelete, forget)


async def forget(db: Db, envelope: Envelope) -> None:
    """Whatever was kept about them from what was heard."""
    for replica in (PAIRS, GUESTS, BELONGINGS):
        await replica.apply(db, envelope)


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
    await step_out(unit.db, envelope.subject)


async def on_sanction_user(unit: Unit, envelope: Envelope) -> None:
    match envelope.event():
        case SanctionUser(kind="kick", user_id=user, room_id=room):  # no visit that began since
            command = Expel(ENDS["kick"], unit.at, room, held_until=envelope.time)
            await revoke(unit, user, command, Meta.caused_by(envelope))
        case SanctionUser(
            kind="room_ban" | "suspend" | "ban" as kind, sanction_id=sanction, user_id=user, room_id=room
        ):
            if await holds(unit.db, sanction, unit.at):  # heard late it may have been lifted, or be over
                await revoke(unit, user, Expel(ENDS[kind], unit.at, room), Meta.caused_by(envelope))
                await step_out(unit.db, user, room)
