"""Commands on the socket that wait for their answer: each is done once, over however many sockets it takes."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import orjson

from clients.python.events import Ack, Problem
from clients.python.problems import ClientError, Refused


class Commands:
    """Those of one visit. `cid` tells them apart, for the node as for us."""

    def __init__(self) -> None:
        self._names, self._count = secrets.token_hex(4), 0
        self._unanswered: dict[str, tuple[str, asyncio.Future[Ack]]] = {}  # by cid: the command and who waits

    def new(self, name: str, **fields: Any) -> tuple[str, str, asyncio.Future[Ack]]:
        """Its cid, the frame to send, and its answer to come. `forget` it in the end."""
        self._count += 1
        cid = f"{self._names}-{self._count}"
        frame, answer = frame_of(t=name, cid=cid, **fields), asyncio.get_running_loop().create_future()
        self._unanswered[cid] = frame, answer
        return cid, frame, answer

    def forget(self, cid: str) -> None:
        self._unanswered.pop(cid, None)

    def unanswered(self) -> Iterator[str]:
        """The frames a new socket has to send again."""
        return iter([frame for frame, _ in self._unanswered.values()])

    def answered(self, event: Ack | Problem) -> None:
        _, answer = self._unanswered.get(str(event.cid), ("", None))
        if answer is None or answer.done():
            return
        if isinstance(event, Ack):
            answer.set_result(event)
        else:
            retry = None if event.retry_ms is None else event.retry_ms / 1000
            answer.set_exception(Refused(event.slug, 0, event.title, retry))

    def fail(self, error: ClientError) -> None:
        """Nobody will answer any more."""
        for _, answer in self._unanswered.values():
            if not answer.done():
                answer.set_exception(error)


def frame_of(**fields: Any) -> str:
    return orjson.dumps(fields).decode()
