"""A name for each: unique by its suffix among all that look alike."""

from random import Random
from typing import Final

from libs.eventstore.store import Unit
from services.social.deciders.profile import Name
from services.social.deciders.refusals import NameTaken
from services.social.skeleton import skeleton
from services.social.words import FIGURES, MANNERS

# A lock, not a row: a name that somebody once had would stay in a table of rows to lock.
LOCK_NAMES = """
select pg_advisory_xact_lock(1851878757, place)
from (select distinct hashtext(skeleton) as place from unnest($1::text[]) as skeleton) places order by place
"""
TAKEN = "select suffix from profile_guards where skeleton = $1 and suffix = any($2::text[])"

LENGTHS: Final = (4, 5, 6)  # of a suffix, in digits
DRAWS: Final = 8  # for each length: the longer ones are for names that very many bear


class Names:
    """Who wants which name, one after the other. `dice` draw the suffixes."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def two_words(self) -> str:
        """`Amber Otter`, for whoever has not chosen a name yet."""
        return f"{self._dice.choice(MANNERS)} {self._dice.choice(FIGURES)}"

    async def free(self, unit: Unit, wanted: str) -> Name:
        """The name as wanted, with a suffix where somebody has a look-alike. Comes before appends.

        Raises NameTaken for a name that hundreds of thousands bear.
        """
        looks = skeleton(wanted)
        await self.hold(unit, looks)
        drawn = ["", *(str(self._dice.randrange(10 ** (n - 1), 10**n)) for n in LENGTHS for _ in range(DRAWS))]
        taken = {row["suffix"] for row in await unit.db.fetch(TAKEN, looks, drawn)}
        for suffix in drawn:
            if suffix not in taken:
                return Name(with_suffix(wanted, suffix), looks)
        raise NameTaken

    async def changed(self, unit: Unit, now: Name, wanted: str) -> Name:
        """For somebody who has a name already: who changes its looks only, keeps the suffix. Raises NameTaken."""
        base, suffix = split(now.text)
        if wanted == base:
            return now
        if skeleton(wanted) == now.skeleton:
            return Name(with_suffix(wanted, suffix), now.skeleton)
        return await self.free(unit, wanted)

    async def hold(self, unit: Unit, looks: str) -> None:
        """Nobody else gets a name that looks so until this unit ends."""
        await unit.guard(LOCK_NAMES, [looks])


def with_suffix(base: str, suffix: str) -> str:
    return f"{base}#{suffix}" if suffix else base


def split(name: str) -> tuple[str, str]:
    """`Dana#4821` is `Dana` and `4821`; no name holds a # of its own."""
    base, _, suffix = name.partition("#")
    return base, suffix
