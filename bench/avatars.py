"""`python -m bench.avatars [--short]`: what it costs to show everybody where everybody is, beside Colyseus.

Rooms of 50 avatars, each of whom moves 15 times a second, 20 ticks or patches a second, and all see each other. Ours
with all that is kept and checked; Colyseus as the peer's server.mjs says. An update is another avatar's new position
that reached a viewer.
"""

from bench.rooms.command import run
from bench.rooms.evening import Evening, Venue, evening
from bench.rooms.ours import EVERYBODY, Stores, ours
from bench.rooms.peer import colyseus
from bench.rooms.table import HEAD, row

PEOPLE, GOAL, NEVER_BELOW = 50, 2.0, 1.3
ROOMS = (2, 8, 16)


async def compare(where: Stores, rooms: int, *, warm: float, seconds: float) -> None:
    async def shown(venue: Venue) -> Evening:
        seen = await evening(venue, rooms, PEOPLE, warm=warm, seconds=seconds)
        print(row(venue.name, rooms, seen), flush=True)
        return seen

    async with colyseus(PEOPLE) as theirs:
        peer = await shown(theirs)
    async with ours(where, EVERYBODY) as mine:
        own = await shown(mine)
    ratio = own.per_cpu_second / peer.per_cpu_second
    print(f"{rooms} rooms: {ratio:.2f} of Colyseus (goal >= {GOAL}, never below {NEVER_BELOW})", flush=True)


async def measure(where: Stores, short: bool) -> None:
    print(HEAD)
    for rooms in ROOMS[:1] if short else ROOMS:
        await compare(where, rooms, warm=2 if short else 5, seconds=3 if short else 12)


if __name__ == "__main__":
    run(measure)
