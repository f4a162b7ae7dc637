"""One process of a crowd at the door: `python -m tests.rooms.hammer`, told by JSON on stdin, to be killed at any time.

Says after each hundred holds how many more it has asked for, so that what a kill takes along is at most a hundred.
"""

import asyncio
import json
import random
import sys
from typing import Any
from uuid import UUID

from tests.rooms.crowd import AppendFirst, TheDoor, throng
from tests.rooms.house import house_at
from tests.stack import Databases

STEP = 100


async def main(told: dict[str, Any]) -> None:
    dice = random.Random(told["seed"])
    people, rooms = [UUID(each) for each in told["people"]], [UUID(each) for each in told["rooms"]]
    said = 0

    async def never(asked: int) -> bool:
        nonlocal said
        while asked - said >= STEP:
            said += STEP
            print(STEP, flush=True)  # noqa: T201
        return False

    async with house_at(Databases(**told["urls"]), size=12) as house:
        door = TheDoor(house, dice) if told["door"] == "guarded" else AppendFirst(house, dice)
        await throng(door, people, rooms, dice, never, hands=12)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
