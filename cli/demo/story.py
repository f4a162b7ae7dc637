"""The story of the evening: ten regulars, three scenes at a time, and what must be true of them."""

import asyncio
from collections.abc import Callable
from typing import Final

from cli.demo.evening import Evening
from cli.demo.keys import Keys
from cli.demo.regular import Regular
from cli.demo.scenes.farewell import Farewell
from cli.demo.scenes.stage import Stage
from cli.demo.scenes.table import Table
from cli.demo.scenes.trouble import Trouble
from clients.python import Client
from clients.python.account import AskCode

CAST: Final = {
    "Dana": ("Has a table in the corner.", ["quiz", "cocktails"], "nova"),
    "Rui": ("Tells stories.", ["travel", "whisky"], "milo"),
    "Kofi": ("Knows everything about penguins.", ["nature", "science"], "kai"),
    "Noa": ("Comes for the jazz.", ["music-jazz", "wine"], "luna"),
    "Ines": ("Reads at the bar.", ["books", "coffee"], "iris"),
    "Otto": ("Has opinions.", ["football", "beer"], "otis"),
    "Lena": ("One last dance.", ["dance", "music-electronic"], "juno"),
    "Maya": ("Keeps the peace.", ["yoga", "tea"], "cleo"),
    "Bea": ("Behind the bar.", ["cocktails", "coffee"], "esme"),
}
GO_HOME: Final = ("Dana", "Rui", "Kofi", "Noa", "Ines", "Otto")
"""Lena is forgotten by then; who hands back a key is signed out by that."""


class Story:
    """`client()` makes one more client of the bar."""

    def __init__(
        self, client: Callable[[], Client], party: str, ask_code: AskCode, evening: Evening, keys: Keys
    ) -> None:
        self._evening = evening
        self._keys = keys
        self._party = party
        self._cast = {
            name: Regular(name, client(), f"{name.lower()}-{party}@bar.example", ask_code, evening) for name in CAST
        }

    async def unfold(self, stage: Callable[[dict[str, Regular]], Stage]) -> None:
        """The whole of it. Everybody is home at its end, and nobody has a key."""
        try:
            async with asyncio.TaskGroup() as arrivals:
                for name, about in CAST.items():
                    arrivals.create_task(self._cast[name].arrive(*about))
            await self._keys.give(self._cast["Maya"], "moderator")
            await self._keys.give(self._cast["Bea"], "operator")
            ready = stage(self._cast)
            async with asyncio.TaskGroup() as scenes:
                for scene in (Table(ready), Trouble(ready), Farewell(ready)):
                    scenes.create_task(scene.play())
            await ready.at(0.9)
            async with asyncio.TaskGroup() as way_home:
                for name in GO_HOME:
                    way_home.create_task(self._cast[name].go_home())
        finally:
            for each in self._cast.values():
                each.close()
            await asyncio.shield(self._keys.take_back())
        self._evening.tell("Maya and Bea hand back their keys", story=True)
