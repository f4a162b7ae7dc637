"""What is asked at a room's door, each in one round trip: a locked guard makes everybody else wait for the answer."""

from typing import Final

from services.rooms.guards import GUARD

STREAM: Final = "st.version, st.state_schema, st.state::text as state"
# Whether any could be: their own rule has the last word.
MAYBE_BARRED: Final = """
exists (select from sanctions b where b.user_id = {user} and b.kind in ('room_ban', 'suspend', 'ban')) as maybe_barred
"""

# Locks the guards of the room somebody comes to and of the room they are in, and says where they are. Before it locks
# any it sees to it that they are not erased before this transaction has ended (libs/eventstore/gone.py).
COMING: Final = f"""
select {GUARD}, (select s.room_id from seats s where s.user_id = $2) as sits_in,
  (select w.room_id from waiting w where w.user_id = $2) as waits_for
from room_guards g
where (g.room_id = any($1::uuid[]) or g.room_id = (select s.room_id from seats s where s.user_id = $2))
  and (select true from (select pg_advisory_xact_lock_shared($3, $4)) as they_stay)
order by g.room_id for update
"""  # noqa: S608 - names of our own
# Under them: whether they may come in, and their stream.
AT_THE_DOOR: Final = f"""
select {STREAM}, {MAYBE_BARRED.format(user="$1")},
  exists (select from erased e where e.subject = $1) as gone,
  exists (select from room_kicks k where k.room_id = $3 and k.user_id = $1 and k.until > $4) as shown_out
from (values ($2::text)) as me (stream_id) left join streams st using (stream_id)
"""  # noqa: S608 - names of our own
# Locks the guard of the room that a visit is in; no row where it is over. The stream may have moved on while the lock
# was waited for: then the append finds out.
LOCK_VISIT: Final = f"""
select {GUARD}, v.user_id as visitor, {STREAM}
from seats v join room_guards g on g.room_id = v.room_id left join streams st on st.stream_id = 'visitor-' || v.user_id
where v.visit_id = any($1::uuid[]) order by g.room_id for update of g
"""  # noqa: S608 - names of our own
