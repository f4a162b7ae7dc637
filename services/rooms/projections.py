"""What happened, as rows. A seat's lease and tickets, a room's owner and fence are operational: written elsewhere."""

from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.rooms import (
    RoomClose,
    RoomCreate,
    RoomInvite,
    RoomJoin,
    RoomLeave,
    RoomMute,
    RoomUnmute,
    RoomUpdate,
    SeatHold,
    SeatRelease,
    SessionDuration,
    VoiceState,
)
from libs.eventstore.db import Db
from libs.eventstore.projections import Projection, Table
from libs.eventstore.recorded import Recorded

CREATE = """
with room as (
  insert into rooms (id, name, theme, is_private, capacity, region, created_by, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
)
insert into room_guards (room_id, theme, is_private, capacity, region, created_by, is_open, occupied)
values ($1, $3, $4, $5, $6, $7, true, 0)
"""
# A change that leaves the name alone says none.
UPDATE = """
with room as (
  update rooms set name = coalesce($2, name), theme = $3, is_private = $4, capacity = $5 where id = $1
)
update room_guards set theme = $3, is_private = $4, capacity = $5, is_locked = $6 where room_id = $1
"""
CLOSE = "update room_guards set is_open = false where room_id = $1"
HOLD = """
with guard as (update room_guards set occupied = occupied + 1 where room_id = $3)
insert into seats (user_id, visit_id, room_id, state, device_type, join_source, session_id, issued_at, held_at,
  expires_at)
values ($1, $2, $3, 'held', $4, $5, $6, $7, $8, $9)
"""
USE_INVITE = "update invites set used_by = $2, used_visit = $3 where id = $1"
RELEASE = """
with seat as (delete from seats where user_id = $1)
update room_guards set occupied = occupied - 1 where room_id = $2
"""
JOIN = """
with visit as (
  insert into room_memberships (id, room_id, user_id, joined_at, join_source) values ($2, $3, $1, $6, $4)
), night as (
  insert into nights (user_id, night_id) values ($1, $5)
  on conflict (user_id) do update set night_id = excluded.night_id, left_at = null
)
update seats set state = 'seated', joined_at = $6, last_heartbeat = $6 where user_id = $1
"""
LEAVE = """
with seat as (delete from seats where user_id = $1),
  visit as (update room_memberships set left_at = $4 where id = $2),
  microphone as (delete from microphones where visit_id = $2),
  night as (update nights set left_at = $4 where user_id = $1)
update room_guards set occupied = occupied - 1 where room_id = $3
"""
# What a media server tells comes in any order: an end that was told before its beginning stands.
TRACK_OPENED = """
insert into microphones as m (visit_id, track, room_id, user_id, opened_at, closed) values ($1, $2, $3, $4, $5, false)
on conflict (visit_id, track) do update
  set opened_at = least(m.opened_at, excluded.opened_at), closed = m.closed and not $6
"""
TRACK_CLOSED = """
insert into microphones (visit_id, track, room_id, user_id, closed) values ($1, $2, $3, $4, true)
on conflict (visit_id, track) do update set closed = true
"""
INVITE = """
insert into invites (id, room_id, inviter_user_id, user_id, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
"""
MUTE = """
insert into room_mutes (room_id, user_id, by_user_id, muted_at, until) values ($1, $2, $3, $4, $5)
on conflict (room_id, user_id) do update
  set by_user_id = excluded.by_user_id, muted_at = excluded.muted_at, until = excluded.until
"""
UNMUTE = "delete from room_mutes where room_id = $1 and user_id = $2"
# Rooms stay, for whoever else was there, without the name that was theirs; an invite that they used stays used.
ERASE = """
with visits as (delete from room_memberships where user_id = $1),
  night as (delete from nights where user_id = $1),
  microphone as (delete from microphones where user_id = $1),
  muted as (delete from room_mutes where user_id = $1),
  invited as (delete from invites where inviter_user_id = $1 or user_id = $1),
  came as (update invites set used_by = null
    where used_by = $1 and inviter_user_id <> $1 and user_id is distinct from $1)
update rooms set name = null where created_by = $1
"""
END_NIGHT = "delete from nights where user_id = $1 and night_id = $2"


async def project(db: Db, happened: Recorded) -> None:
    event, at = happened.event, happened.at
    match event:
        case RoomCreate(room_id=room, created_by=host) as e:
            await db.execute(CREATE, room, e.name, e.theme, e.is_private, e.capacity, e.region, host, at)
        case RoomUpdate(room_id=room) as e:
            await db.execute(UPDATE, room, e.name, e.theme, e.is_private, e.capacity, e.is_locked)
        case RoomClose(room_id=room):
            await db.execute(CLOSE, room)
        case RoomInvite(invite_id=invite, room_id=room, inviter_user_id=inviter, user_id=user) as e:
            await db.execute(INVITE, invite, room, inviter, user, at, e.expires_at or at)
        case RoomMute(room_id=room, user_id=user, by_user_id=by, until=until):
            await db.execute(MUTE, room, user, by, at, until)
        case RoomUnmute(room_id=room, user_id=user):
            await db.execute(UNMUTE, room, user)
        case SeatHold(user_id=user, visit_id=visit, room_id=room) as e:
            login = (e.device_type, e.join_source, e.session_id, e.issued_at)
            await db.execute(HOLD, user, visit, room, *login, e.held_at, e.expires_at)
            if e.invite_id:
                await db.execute(USE_INVITE, e.invite_id, user, visit)
        case SeatRelease(user_id=user, room_id=room):
            await db.execute(RELEASE, user, room)
        case RoomJoin(user_id=user, visit_id=visit, room_id=room) as e:
            await db.execute(JOIN, user, visit, room, e.join_source, e.night_id, at)
        case RoomLeave(user_id=user, visit_id=visit, room_id=room, left_at=left_at):
            await db.execute(LEAVE, user, visit, room, left_at)
        case VoiceState(track=str(track), visit_id=visit, room_id=room, user_id=user) as e:
            if e.publishing:
                await db.execute(TRACK_OPENED, visit, track, room, user, e.at, e.guessed)
            else:
                await db.execute(TRACK_CLOSED, visit, track, room, user)
        case SessionDuration(user_id=user, night_id=night):
            await db.execute(END_NIGHT, user, night)
        case ErasureDone(user_id=user):
            await db.execute(ERASE, user)
        case Event():
            pass


ROOMS = Projection(
    tables=(
        Table("rooms", ("id",), ("name", "theme", "is_private", "capacity", "region", "created_by", "created_at")),
        Table(
            "room_guards",
            ("room_id",),
            ("theme", "region", "created_by", "is_private", "is_open", "is_locked", "capacity", "occupied"),
        ),
        Table("room_memberships", ("id",), ("room_id", "user_id", "joined_at", "left_at", "join_source")),
        Table(
            "seats",
            ("user_id",),
            (
                "visit_id", "room_id", "state", "device_type", "join_source", "session_id", "issued_at", "held_at",
                "expires_at", "joined_at",
            ),
        ),
        Table("nights", ("user_id",), ("night_id", "left_at")),
        Table("microphones", ("visit_id", "track"), ("room_id", "user_id", "opened_at", "closed")),
        Table("room_mutes", ("room_id", "user_id"), ("by_user_id", "muted_at", "until")),
        Table(
            "invites",
            ("id",),
            ("room_id", "inviter_user_id", "user_id", "created_at", "expires_at", "used_by", "used_visit"),
        ),
    ),
    apply=project,
)  # fmt: skip
