"""One person over several sockets: cut off, back with the resume token, counting what the room was told meanwhile."""

import asyncio
import time
from collections import Counter
from typing import Any, Final

from bench.rooms.guest import OurGuest

TRY_AGAIN: Final = 1013
PAUSE: Final = 0.05  # seconds


class Returning:
    """`heard` are the offsets of the chats that reached this person, however often each did."""

    def __init__(self, guest: OurGuest) -> None:
        self.guest = guest
        self.epoch, self.offset = str(guest.welcome["epoch"]), int(guest.welcome["offset"])
        self.since = self.offset
        self.token = str(guest.welcome["resume_token"])
        self.heard: Counter[int] = Counter()
        self.refused = 0  # resumes that were answered with a snapshot
        self.sent_away = 0  # told to try again
        guest.on_told = self.hear

    def hear(self, message: dict[str, Any]) -> None:
        match message:
            case {"t": "welcome"}:
                self.token = message["resume_token"]
                self.refused += not message["resumed"]
                if not message["resumed"]:
                    self.epoch, self.offset = message["epoch"], message["offset"]
            case {"t": kind, "offset": int(offset)} if kind not in ("ack", "snapshot"):
                self.offset = max(self.offset, offset)
                if kind == "chat":
                    self.heard[offset] += 1

    async def resume(self) -> float:
        """Cut and come back; seconds from the new socket's first byte to `welcome`. Raises what picows raises."""
        self.guest.cut()
        await self.guest.over
        return await self.back()

    async def back(self) -> float:
        """Come back, having been cut. Whoever is told to try again does so, which takes as long as it takes."""
        began = time.perf_counter()
        while True:
            again = OurGuest(resume_token=self.token, epoch=self.epoch, offset=self.offset)
            again.user, again.url, again.on_told = self.guest.user, self.guest.url, self.hear
            await again.open(again.url, OurGuest.HEADERS)
            try:
                await again.arrived
                break
            except ConnectionError:
                if again.code != TRY_AGAIN:
                    raise
                self.sent_away += 1
                await asyncio.sleep(PAUSE)
        took = time.perf_counter() - began
        self.guest = again
        again.idle()  # a word on the new socket, which ends the old token
        return took
