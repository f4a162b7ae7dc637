"""What is known of people from what they publish about themselves: a replica of their profiles' closed words."""

from typing import Final

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete
from libs.contracts.social import ProfileCreate, ProfileUpdate
from libs.eventstore import gone
from libs.eventstore.db import Db
from libs.eventstore.projections import Replica, Table
from libs.safety.pairs import place_of

HEARD: Final[tuple[type[Event], ...]] = (ProfileCreate, ProfileUpdate, UserDelete)

# Both topics tell of one stream, whose places say which is newer.
KNOW = """
insert into guests as g (user_id, interests, locale, privacy_level, place) values ($1, $2, $3, $4, $5)
on conflict (user_id) do update set interests = excluded.interests, locale = excluded.locale,
  privacy_level = excluded.privacy_level, place = excluded.place
where g.place < excluded.place
"""
VERSION: Final = "coalesce((select k.place & 4294967295 from guests k where k.user_id = s.user_id), 0)::bigint"
"""Of the profile of a seat `s`, as its card says it: 0 where nothing is known of it yet."""
FORGET = "delete from guests where user_id = $1"


async def apply(db: Db, envelope: Envelope) -> None:
    """Any order, any number of times. What is heard about an erased person is left out."""
    match envelope.event():
        case ProfileCreate(user_id=user) | ProfileUpdate(user_id=user) as e:
            if not await gone.is_erased(db, user):
                words = (list(e.interests), e.locale, e.privacy_level)
                await db.execute(KNOW, user, *words, place_of(envelope))
        case UserDelete(user_id=user):
            await gone.enter(db, user)  # or a row that is just being written would stay
            await db.execute(FORGET, user)


GUESTS: Final = Replica(
    tables=(Table("guests", ("user_id",), ("interests", "locale", "privacy_level", "place")),), apply=apply
)
