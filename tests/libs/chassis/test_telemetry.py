"""One trace from the HTTP request through relay and consumer to what the consumer caused; nothing without a sink."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx2

from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import decode
from libs.contracts.social import MuteUser, ProfileOpen
from tests.conftest import Database
from tests.libs.chassis.house import House, fresh_topics
from tests.libs.chassis.serving import answers, free_port
from tests.libs.chassis.sink import Seen, listening
from tests.libs.chassis.traced_process import SCHEMA
from tests.stack import Databases, KafkaServer
from tests.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}
TOPICS = (ProfileOpen.NAME, MuteUser.NAME, "traced.dlq")


async def test_a_request_and_all_it_leads_to_are_one_trace(database: Database, kafka: KafkaServer) -> None:
    urls = await database(SCHEMA)
    await fresh_topics(kafka, TOPICS)
    async with listening() as sink, traced(urls, kafka.url, sink.url) as url, httpx2.AsyncClient() as client:
        await client.post(f"{url}/opens/{uuid4()}?q=Dana", headers=SAMPLED)

        def names() -> dict[str, Seen]:
            return {span.name: span for span in sink.spans if span.trace_id == TRACE}

        await until(lambda: len(names()) == 3)
        request, opened, muted = (
            names()[name] for name in ("POST /opens/{viewer}", "process profile_open", "process mute_user")
        )
        assert request.parent_id == "00f067aa0ba902b7"
        assert opened.parent_id == request.span_id
        assert muted.parent_id == opened.span_id
        assert {span.service for span in names().values()} == {"traced"}
        assert "Dana" not in str(sink.spans)
        assert "fastapi.endpoint" not in {span.name for span in sink.spans}  # operation spans are off

        await client.get(f"{url}/healthz", headers=SAMPLED)
        await client.post(f"{url}/opens/{uuid4()}", headers=UNSAMPLED | {"x-request-id": "quiet"})
        reader = House(kafka=Kafka.parse(kafka.url), urls=urls, pool=None, keys=None)  # type: ignore[arg-type]
        await until(lambda: _count(reader, MuteUser.NAME, 2))
        told = [decode(each.value, each.headers) for each in await reader.read(MuteUser.NAME)]
        flags = {str(each.traceparent)[-2:] for each in told}
        assert flags == {"00", "01"}  # the edge's decision goes along, to the last event
        assert {str(each.traceparent).split("-")[1] for each in told} == {TRACE}
    assert len([span for span in sink.spans if span.trace_id == TRACE]) == 3


async def test_without_a_sink_events_carry_no_trace(database: Database, kafka: KafkaServer) -> None:
    urls = await database(SCHEMA)
    await fresh_topics(kafka, TOPICS)
    async with traced(urls, kafka.url, None) as url, httpx2.AsyncClient() as client:
        assert (await client.post(f"{url}/opens/{uuid4()}", headers=SAMPLED)).status_code == 200
        reader = House(kafka=Kafka.parse(kafka.url), urls=urls, pool=None, keys=None)  # type: ignore[arg-type]
        await until(lambda: _count(reader, MuteUser.NAME, 1))
        (told,) = await reader.read(MuteUser.NAME)
        assert decode(told.value, told.headers).traceparent is None


@asynccontextmanager
async def traced(urls: Databases, kafka_url: str, otlp_url: str | None) -> AsyncIterator[str]:
    """The service in a process of its own; spans it still holds are sent when the block ends."""
    port = free_port()
    told = {
        "VIRTUBAR_DATABASE_URL": urls.runtime,
        "VIRTUBAR_KEYS_URL": urls.keys,
        "VIRTUBAR_KAFKA_URL": kafka_url,
        "VIRTUBAR_HTTP_PORT": str(port),
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    } | ({"VIRTUBAR_OTLP_URL": otlp_url} if otlp_url else {})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.libs.chassis.traced_process", "all", env=os.environ | told
    )
    try:
        await until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), what="the service")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def _count(house: House, topic: str, count: int) -> bool:
    return len(await house.read(topic)) == count
