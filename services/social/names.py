"""A name for each: unique by its suffix among all that look alike."""

from random import Random
from typing import Final

from libs.eventstore.store import Unit
from services.social.deciders.profile import Name, Texts
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


async def free_name(unit: Unit, wanted: str, dice: Random) -> Name:
    """The name as wanted, with a suffix where somebody has a look-alike; nobody else gets it until this unit ends.

    A guard, so it comes before appends. Raises NameTaken for a name that hundreds of thousands bear.
    """
    looks = skeleton(wanted)
    await unit.guard(LOCK_NAMES, [looks])
    drawn = ["", *(str(dice.randrange(10 ** (n - 1), 10**n)) for n in LENGTHS for _ in range(DRAWS))]
    taken = {row["suffix"] for row in await unit.db.fetch(TAKEN, looks, drawn)}
    for suffix in drawn:
        if suffix not in taken:
            return Name(with_suffix(wanted, suffix), looks)
    raise NameTaken


async def changed_name(unit: Unit, now: Texts, wanted: str, dice: Random) -> Name:
    """The name somebody gets who has one already: who changes its looks only, keeps the suffix."""
    base, suffix = split(now.name.text)
    if wanted == base:
        return now.name
    if skeleton(wanted) == now.name.skeleton:
        return Name(with_suffix(wanted, suffix), now.name.skeleton)
    return await free_name(unit, wanted, dice)


def two_words(dice: Random) -> str:
    """`Amber Otter`."""
    return f"{dice.choice(MANNERS)} {dice.choice(FIGURES)}"


def with_suffix(base: str, suffix: str) -> str:
    return f"{base}#{suffix}" if suffix else base


def split(name: str) -> tuple[str, str]:
    """`Dana#4821` is `Dana` and `4821`; no name holds a # of its own."""
    base, _, suffix = name.partition("#")
    return base, suffix
