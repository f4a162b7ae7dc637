"""What is asked at a room's door, each in one round trip: a locked guard makes everybody else wait for the answer."""

from typing import Final

from services.rooms.guards import GUARD

STREAM: Final = "st.version, st.state_schema, st.state::text as state"
# Whether any could be: their own rule has the last word.
MAYBE_BARRED: Final = """
exists (select from sanctions b where b.user_id = {user} and b.kind in ('room_ban', 'suspend', 'ban')) as maybe_barred
"""

# Before the guards: where somebody is, and from here on they are not erased before this transaction has ended.
COMING: Final = """
select pg_advisory_xact_lock_shared($2, $3), s.room_id, w.room_id as waits_for
from (values ($1::uuid)) as me (user_id)
left join seats s using (user_id) left join waiting w using (user_id)
"""
# Under them: whether they may come in, and their stream.
AT_THE_DOOR: Final = f"""
select {STREAM}, {MAYBE_BARRED.format(user="$1")},
  exists (select from erased e where e.subject = $1) as gone,
  exists (select from room_kicks k where k.room_id = $3 and k.user_id = $1 and k.until > $4) as shown_out
from (values ($2::text)) as me (stream_id) left join streams st using (stream_id)
"""  # noqa: S608 - names of our own
# Locks the guard of the room that a visit is in, and says whose visit it is; no row where it is over.
LOCK_VISIT: Final = f"""
select {GUARD}, (select s.user_id from seats s where s.visit_id = any($1)) as visitor
from room_guards g where room_id in (select s.room_id from seats s where s.visit_id = any($1::uuid[]))
order by room_id for update
"""  # noqa: S608 - names of our own
