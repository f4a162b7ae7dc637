"""`virtubar events tail TOPIC`: events as they arrive in Kafka, one JSON object a line."""

import asyncio
import json
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from cli.running import running_bar, say
from deploy.native.errors import BarError
from libs.chassis.kafka import Kafka

app = typer.Typer(no_args_is_help=True, help="Events in Kafka.")


@app.callback()
def events() -> None:
    """Events in Kafka."""


@app.command()
def tail(
    topic: Annotated[str, typer.Argument(help="A topic, such as room_join.")],
    beginning: Annotated[bool, typer.Option("--from-beginning", help="Everything the topic still holds, too.")] = False,
    number: Annotated[int | None, typer.Option("--number", "-n", min=1, help="End after so many.")] = None,
) -> None:
    """Print the events of a topic as they arrive."""
    native, _ = running_bar()
    try:
        asyncio.run(_tail(Kafka.parse(native.kafka_admin_url), topic, beginning, number))
    except KeyboardInterrupt:
        return


async def _tail(kafka: Kafka, topic: str, beginning: bool, number: int | None) -> None:
    await _require(kafka, topic)
    say(f"events of {topic} as they come; Ctrl-C ends")
    start = "earliest" if beginning else "latest"
    left = number
    async with AIOKafkaConsumer(topic, **kafka.options(), auto_offset_reset=start) as consumer:
        async for record in consumer:
            print(json.dumps(described(record)), flush=True)
            if left is not None and (left := left - 1) == 0:
                return


async def _require(kafka: Kafka, topic: str) -> None:
    admin = kafka.admin()
    await admin.start()
    try:
        topics = sorted(name for name in await admin.list_topics() if not name.startswith("__"))
    finally:
        await admin.close()
    if topic not in topics:
        near = get_close_matches(topic, topics, n=5, cutoff=0.5)
        raise BarError(f"there is no topic {topic}", f"name {' or '.join(near)}" if near else "see docs/events.md")


def described(record: "ConsumerRecord[bytes, bytes]") -> dict[str, Any]:
    """A record in words: its place, its headers without their prefix, its data."""
    headers = {name.removeprefix("ce_"): value.decode(errors="replace") for name, value in record.headers}
    try:
        data = json.loads(record.value or b"null")
    except ValueError:
        data = repr(record.value)
    return {"partition": record.partition, "offset": record.offset, **headers, "data": data}
