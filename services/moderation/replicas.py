"""People, roles and rooms as others tell of them, and what rooms has sealed.

Marks are only ever set, of a role the latest word counts, and a report is sealed for once.
"""

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import RoleGrant, RoleRevoke, UserDelete, UserRegister
from libs.contracts.rooms import EvidenceSeal, RoomCreate
from libs.eventstore.db import Db
from libs.eventstore.projections import Replica, Table
from libs.safety.pairs import place_of

REGISTERED = """
insert into people (user_id, registered) values ($1, true) on conflict (user_id) do update set registered = true
"""
DELETED = "insert into people (user_id, deleted) values ($1, true) on conflict (user_id) do update set deleted = true"
ROLE = """
insert into roles (user_id, role, held, version) values ($1, $2, $3, $4)
on conflict (user_id, role) do update set held = excluded.held, version = excluded.version
where roles.version < excluded.version
"""
ROOM = "insert into known_rooms (room_id) values ($1) on conflict do nothing"
SEALED = """
insert into seals (report_id, room_id, sha256, from_at, to_at) values ($1, $2, $3, $4, $5) on conflict do nothing
"""

HEARD = (UserRegister, UserDelete, RoleGrant, RoleRevoke, RoomCreate, EvidenceSeal)


async def apply(db: Db, envelope: Envelope) -> None:
    if envelope.name not in NAMES:
        return
    match envelope.event():
        case UserRegister(user_id=user):
            await db.execute(REGISTERED, user)
        case UserDelete(user_id=user):
            await db.execute(DELETED, user)
        case (RoleGrant(user_id=user, role=role) | RoleRevoke(user_id=user, role=role)) as event:
            await db.execute(ROLE, user, role, isinstance(event, RoleGrant), place_of(envelope))
        case RoomCreate(room_id=room):
            await db.execute(ROOM, room)
        case EvidenceSeal(report_id=report, room_id=room) as e:
            await db.execute(SEALED, report, room, e.sha256, e.from_, e.to)
        case Event():
            pass


NAMES = {event.NAME for event in HEARD}
OTHERS = Replica(
    tables=(
        Table("people", ("user_id",), ("registered", "deleted")),
        Table("roles", ("user_id", "role"), ("held", "version")),
        Table("known_rooms", ("room_id",)),
        Table("seals", ("report_id",), ("room_id", "sha256", "from_at", "to_at")),
    ),
    apply=apply,
)
