"""Profiles: made once for each person, changed by their owner, looked at by others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, get_args
from uuid import UUID

from libs.contracts.vocabulary import AvatarConfig, AvatarId, Interest, Locale, PrivacyLevel
from libs.eventstore.gone import PersonErased, erased_among, must_be_here
from libs.eventstore.store import Store, Unit
from services.social.deciders.profile import PROFILE, Create, Faceless, Name, Texts, Update, profile_stream
from services.social.deciders.refusals import NotFound
from services.social.deciders.viewer import VIEWER, Open, viewer_stream
from services.social.names import Names

# One person's changes wait for one another, so that what the rows say goes with the state that is loaded next. Both
# rows are locked: of a row that is not, the statement would show what was before it waited.
LOCK_PROFILE = """
select g.skeleton, p.display_name, p.bio from profile_guards g join profiles p using (user_id)
where g.user_id = any($1::uuid[]) order by g.user_id for update
"""
LAST_OPENED = "select opened_at from profile_opens where viewer_user_id = $1 and profile_user_id = $2"

AVATARS: tuple[AvatarId, ...] = get_args(AvatarId)


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants to be different; None leaves a member as it is. Texts are tidy."""

    display_name: str | None = None
    bio: str | None = None  # "" takes it away
    avatar_id: AvatarId | None = None
    avatar_config: AvatarConfig | None = None
    interests: tuple[Interest, ...] | None = None
    locale: Locale | None = None
    privacy_level: PrivacyLevel | None = None

    def facts(self) -> Mapping[str, Any]:
        """All but the name, as `Update` takes it."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "display_name"}


class Profiles:
    """`once_in`: how long a card that was looked at counts as being looked at. `dice` draw first avatars."""

    def __init__(self, store: Store, names: Names, once_in: timedelta, dice: Random) -> None:
        self._store, self._names, self._once_in, self._dice = store, names, once_in, dice

    async def create(self, user_id: UUID, at: datetime) -> None:
        """See `created`. Raises PersonErased."""
        await self._store.run(lambda unit: self.created(unit, user_id), at=at)

    async def created(self, unit: Unit, user_id: UUID) -> None:
        """Give somebody a first face, with a generated name, unless they have one. Raises PersonErased."""
        await must_be_here(unit.db, user_id)
        stream = await unit.load(PROFILE, profile_stream(user_id))
        if isinstance(stream.state, Faceless):
            name = await self._names.free(unit, self._names.two_words())
            command = Create(user_id, name, self._dice.choice(AVATARS), "en")
            await unit.append(PROFILE, stream, PROFILE.decide(stream.state, command))

    async def update(self, user_id: UUID, change: Change, at: datetime) -> None:
        """Raises NameTaken, PersonErased."""

        async def work(unit: Unit) -> None:
            await must_be_here(unit.db, user_id)
            rows = await unit.guard(LOCK_PROFILE, [user_id])
            if not rows:
                raise NotFound
            now = Texts(Name(rows[0]["display_name"], rows[0]["skeleton"]), rows[0]["bio"])
            wanted = change.display_name
            name = None if wanted is None else await self._names.changed(unit, now.name, wanted)
            stream = await unit.load(PROFILE, profile_stream(user_id))
            command = Update(now, name, **change.facts())
            await unit.append(PROFILE, stream, PROFILE.decide(stream.state, command))

        try:
            await self._store.run(work, at=at)
        except NotFound:  # the news of the registration is on its way
            await self.create(user_id, at)
            await self._store.run(work, at=at)

    async def open(self, viewer: UUID, profile: UUID, at: datetime) -> None:
        """Somebody looks at a card they may see. Raises NotFound, PersonErased."""

        async def work(unit: Unit) -> None:
            erased = await erased_among(unit.db, (viewer, profile))
            if erased:
                raise PersonErased if viewer in erased else NotFound
            # The stream first: whoever reads an older row than that of the last event loses the race to append.
            stream = await unit.load(VIEWER, viewer_stream(viewer))
            last = await unit.db.fetchval(LAST_OPENED, viewer, profile)
            command = Open(viewer, profile, at, last, self._once_in)
            await unit.append(VIEWER, stream, VIEWER.decide(stream.state, command))

        await self._store.run(work, at=at)
