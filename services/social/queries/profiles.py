"""Cards, as whoever asks may see them."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from libs.eventstore.db import Pool, Record
from libs.safety.relation import GOOD, STRANGERS, Relation, Standing
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.social.skeleton import skeleton

# Ids and the configuration come as text, as they are sent; the flags are of whoever is shown ($1 looks).
COLUMNS = """
select p.user_id::text, g.version, p.display_name, p.bio, p.avatar_id, p.avatar_config::text, p.interests, p.locale,
  p.privacy_level, g.skeleton, g.suffix, coalesce(s.suspended, false) as suspended,
  exists (select from blocks where blocker_user_id = p.user_id and blocked_user_id = $1) as blocks,
  exists (select from blocks where blocker_user_id = $1 and blocked_user_id = p.user_id) as blocked,
  exists (select from friendships where user_id = $1 and friend_user_id = p.user_id and status = 'accepted') as friends
from profile_guards g join profiles p using (user_id) left join standings s using (user_id)
"""
CARDS = COLUMNS + "where g.user_id = any($2::uuid[])"
# Names are in the index's order: from `low` up to but without `high`, after the last one seen.
FOUND = (
    COLUMNS
    + """
where (g.skeleton, g.suffix) >= ($2, $3) and (g.skeleton, g.suffix) < ($4, $5) and (g.skeleton, g.suffix) > ($6, $7)
"""
)
SHARED = "and p.interests && $9::text[]"
PAGE = " order by g.skeleton, g.suffix limit $8"
SEARCH = FOUND + PAGE
SEARCH_SHARED = FOUND + SHARED + PAGE
MINE = """
select p.*, g.version from profiles p join profile_guards g using (user_id) where user_id = $1
"""

LAST = "\U0010ffff"  # no skeleton has it: it is no character
AFTER_DIGITS = ":"
ROUNDS = 10  # of looking for a page; whoever wants more asks for more
NOBODY = ("", "")
"""A key before every other: no skeleton is empty."""

Key = tuple[str, str]
"""Skeleton and suffix: unique, and the order of the search."""


class Seen:
    """A row, and how much of it whoever asks may see."""

    __slots__ = ("details", "row")

    def __init__(self, row: Record, details: bool) -> None:
        self.row, self.details = row, details


async def mine(pool: Pool, user_id: UUID) -> Record | None:
    """The specification's columns and `version`."""
    return await pool.fetchrow(MINE, user_id)


async def cards(pool: Pool, viewer: UUID, ids: Iterable[UUID]) -> dict[str, Seen]:
    """In one query, by id as text; whoever is not there for the viewer is left out."""
    rows = await pool.fetch(CARDS, viewer, list(ids))
    return {seen.row["user_id"]: seen for seen in _seen(rows, str(viewer), Surface.CARD)}


async def search(
    pool: Pool, viewer: UUID, q: str, interests: Sequence[str], after: Key | None, limit: int
) -> tuple[list[Seen], Key | None]:
    """Names that begin as `q` looks, of people who share one of the interests if any are given; and where to go on.

    `q` may end in a suffix or its beginning, as `dana#48`. `after` is where the page before said to go on. There may be
    fewer than `limit` before the end, where many who bear such names are not there for the viewer.
    """
    found: list[Seen] = []
    low, high = _range(q)
    for _ in range(ROUNDS):
        given = (viewer, *low, *high, *(after or NOBODY), limit + 1)
        rows = await pool.fetch(SEARCH_SHARED, *given, interests) if interests else await pool.fetch(SEARCH, *given)
        found += _seen(rows, str(viewer), Surface.SEARCH)
        if len(found) > limit:
            return found[:limit], key_of(found[limit - 1].row)
        if len(rows) <= limit:
            return found, None
        after = key_of(rows[-1])
    return found, after


async def may_open(pool: Pool, viewer: UUID, profile: UUID) -> bool:
    """Whether the viewer may look at that card."""
    row = await pool.fetchrow(CARDS, viewer, [profile])
    return row is not None and (
        viewer == profile or can_interact(GOOD, _standing(row), Surface.PROFILE_OPEN, _relation(row).turned()).allowed
    )


def begins(q: str) -> bool:
    """Whether there is anything in `q` that a name may begin with."""
    return bool(skeleton(q.partition("#")[0]).strip())


def key_of(row: Record) -> Key:
    return row["skeleton"], row["suffix"]


def _range(q: str) -> tuple[Key, Key]:
    name, tag, digits = q.partition("#")
    looks = skeleton(name).lstrip()
    if tag and digits.isdecimal() and digits.isascii():
        return (looks, digits), (looks, digits + AFTER_DIGITS)
    if tag:  # all who bear this very name
        return (looks, ""), (looks, AFTER_DIGITS)
    return (looks, ""), (looks + LAST, "")


def _seen(rows: Iterable[Record], viewer: str, surface: Surface) -> Iterator[Seen]:
    for row in rows:
        if row["user_id"] == viewer:
            yield Seen(row, True)
            continue
        shown, relation = _standing(row), _relation(row)
        if can_interact(shown, GOOD, surface, relation):
            yield Seen(row, can_interact(shown, GOOD, Surface.CARD_DETAILS, relation).allowed)


def _standing(row: Record) -> Standing:
    """Of whoever is shown."""
    limited, suspended = row["privacy_level"] == "limited", row["suspended"]
    return Standing(barred=suspended, limited=limited) if limited or suspended else GOOD


def _relation(row: Record) -> Relation:
    """From the side of whoever is shown; mutes do not matter where people are only looked at."""
    if row["blocks"] or row["blocked"] or row["friends"]:
        return Relation(a_blocks=row["blocks"], b_blocks=row["blocked"], friends=row["friends"])
    return STRANGERS
