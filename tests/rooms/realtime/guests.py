"""Guests in a process of their own, that can be stopped with it: tickets by JSON on stdin, a heartbeat for each.

`python -m tests.rooms.realtime.guests`; says "in" once all of them are welcomed.
"""

import asyncio
import json
import sys

from clients.python.wire import Wire

HEARTBEAT = 0.2  # seconds


async def main(seats: list[dict[str, str]]) -> None:
    wires = []
    for seat in seats:
        welcomed = asyncio.Event()
        wire = await Wire.open(seat["ws_url"], lambda _, e=welcomed: e.set(), lambda _: None, lambda _: None)
        wire.send(json.dumps({"t": "hello", "ticket": seat["ticket"]}))
        await welcomed.wait()
        wires.append(wire)
    print("in", flush=True)  # noqa: T201
    while True:
        for wire in wires:
            if not wire.is_closed:
                wire.send(json.dumps({"t": "ping", "n": 0}))
        await asyncio.sleep(HEARTBEAT)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
