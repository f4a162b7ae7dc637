"""Guests who write down every word they are told, as it comes off the wire, however often they are cut off."""

import asyncio
import json
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import httpx2
import websockets
from redis.asyncio import Redis

from services.rooms.realtime.lane_wire import lane_key
from tests.rooms.realtime.bar import Bar

PATIENT: dict[str, Any] = {
    "away_seconds": 120.0,
    "silence_seconds": 600.0,
    "hello_seconds": 5.0,
    "drain_seconds": 10.0,
    "limit_chat_per_minute": 1_000_000,
    "limit_chat_burst": 1_000_000,
    "limit_hellos_per_minute": 1_000_000,
    "limit_hellos_burst": 1_000_000,
    "limit_frames_per_second": 10_000,
}
"""Of a bar whose guests come and go all the time, and seldom say that they are there."""
GONE = (websockets.WebSocketException, OSError, TimeoutError, httpx2.HTTPError)


class Ear:
    """`words` are (offset, text) as they came; `resumed` says of each return whether there was a replay."""

    def __init__(self, bar: Bar, room: UUID) -> None:
        self.bar, self.room, self.user = bar, room, uuid4()
        self.words: list[tuple[int, str]] = []
        self.frames: list[dict[str, Any]] = []  # of all kinds, but for words
        self.codes: list[int] = []
        self.resumed: list[bool] = []
        self.since = 0  # the offset of the first snapshot
        self.epoch, self.offset, self.token = "", 0, ""
        self._url, self._ticket = "", ""
        self._socket: websockets.ClientConnection | None = None

    async def come(self) -> "Ear":
        body = await self.bar.ticket(self.room, self.user)
        self._url = body["ws_url"]
        await self._hello(ticket=body["ticket"])
        self.since = self.offset
        return self

    async def back(self, **instead: Any) -> None:
        """On a new socket, on whatever node; `instead` of what it knows. Tries until it is in."""
        elsewhere = self.codes[-1:] == [1001]
        while True:
            known = {"resume_token": self.token, "epoch": self.epoch, "offset": self.offset} | instead
            with suppress(*GONE):
                if elsewhere:
                    known["ticket"] = await self._new_ticket()
                await self._hello(**known)
                self.resumed.append(self.frames[-1 if self.frames[-1]["t"] == "welcome" else -2]["resumed"])
                return
            elsewhere = True
            await asyncio.sleep(0.05)

    def cut(self) -> None:
        """Without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def say(self, cid: str, text: str) -> None:
        assert self._socket
        await self._socket.send(json.dumps({"t": "chat", "cid": cid, "text": text}))

    async def tries_to_say(self, cid: str, text: str) -> bool:
        """False where there is no socket at this moment."""
        with suppress(*GONE, AssertionError):
            await self.say(cid, text)
            return True
        return False

    async def listen(self, words: int = 1_000_000, within: float = 1_000.0) -> bool:
        """To so many more. False where the socket went away, or nothing more came."""
        assert self._socket
        enough = len(self.words) + words
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                try:
                    while len(self.words) < enough:
                        self._take(await self._socket.recv())
                except websockets.ConnectionClosed:
                    self.codes.append(self._socket.close_code or 1006)
                    return False
        return len(self.words) >= enough

    async def stay(self) -> None:
        """Listen, and come back whenever the socket goes."""
        while True:
            await self.listen()
            await self.back()

    async def _new_ticket(self) -> str:
        headers = self.bar.issuer.headers(self.user)
        answer = await self.bar.http.post(f"/v1/rooms/{self.room}/ticket", headers=headers)
        answer.raise_for_status()
        self._url = answer.json()["ws_url"]
        return str(answer.json()["ticket"])

    async def _hello(self, **proof: Any) -> None:
        options: dict[str, Any] = {"ping_interval": None, "close_timeout": 1, "open_timeout": 5}
        self._socket = await websockets.connect(self._url, subprotocols=["virtubar.v1"], **options)  # type: ignore[list-item]
        await self._socket.send(json.dumps({"t": "hello", **proof}))
        async with asyncio.timeout(10):
            while True:
                frame = await self._socket.recv()
                self._take(frame)
                if isinstance(frame, str) and (told := json.loads(frame))["t"] == "welcome":
                    break
            if not told["resumed"]:
                while not self.frames or self.frames[-1]["t"] != "snapshot":
                    self._take(await self._socket.recv())
        await self._socket.send(json.dumps({"t": "ping", "n": 0}))  # it has the new token

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            return
        told = json.loads(frame)
        match told["t"]:
            case "welcome":
                self.epoch, self.token = told["epoch"], told["resume_token"]
            case "pong":
                return
        if told["t"] == "snapshot":
            self.offset = told["offset"]
        elif told["t"] not in ("welcome", "ack"):
            self.offset = max(self.offset, told.get("offset", 0))
        if told["t"] == "chat":
            self.words.append((told["offset"], told["text"]))
        else:
            self.frames.append(told)


def misheard(ear: Ear, everything: list[tuple[int, str]]) -> list[str]:
    """What is wrong with what somebody heard who was never told that something was lost. Nothing, if all is well."""
    due = [word for word in everything if word[0] > ear.since]
    wrong = [f"{len(due) - len(set(due) & set(ear.words))} lost"] if set(due) - set(ear.words) else []
    if len(set(ear.words)) != len(ear.words):
        wrong.append(f"{len(ear.words) - len(set(ear.words))} doubled")
    if ear.words != sorted(ear.words):
        wrong.append("out of order")
    return wrong


async def words(redis: Redis, room: UUID) -> list[str]:
    """The ids of what was said there, as Redis has it."""
    entries: Any = await redis.xrange(lane_key(room))
    return [fields["chat"] for _, fields in entries if "chat" in fields]
