"""Identity as a supervisor starts it, all its roles in one process, on real Kafka."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx2

from deploy.native.mailbox import code_in
from deploy.native.ports import choose
from libs.chassis.kafka import Kafka, ensure_topics, partitions_of
from libs.contracts.cloudevents import Envelope, decode, encode
from libs.contracts.event import Event
from libs.contracts.moderation import SanctionLift, SanctionUser
from tests.accounts import Mailbox, bearer, mailbox, sign_in
from tests.conftest import Database
from tests.identity.conftest import PEPPER, PLENTY
from tests.stack import Databases, KafkaServer
from tests.waiting import until

EMAIL = "ann.canary@example.com"
TOLD = ("user_register", "user_login", "session_revoke", "user_suspend", "user_reinstate")
ROOT = Path(__file__).parents[2]


def environment(databases: Databases, kafka: KafkaServer, mail: Mailbox, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "VIRTUBAR_DATABASE_URL": databases.runtime,
        "VIRTUBAR_OWNER_DATABASE_URL": databases.owner,
        "VIRTUBAR_KEYS_URL": databases.keys,
        "VIRTUBAR_KAFKA_URL": kafka.url,
        "VIRTUBAR_SMTP_URL": mail.url,
        "VIRTUBAR_PEPPER": PEPPER,
        "VIRTUBAR_HTTP_PORT": str(port),
        "VIRTUBAR_LOG_LEVEL": "debug",
        "VIRTUBAR_LIMIT_CODES_PER_CLIENT": PLENTY,
    }


@asynccontextmanager
async def running(env: Mapping[str, str], log: Path, *roles: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m services.identity ...`, ended with the test if it has not ended before."""
    with log.open("ab") as out:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.identity", *roles, cwd=ROOT, env=env, stdout=out, stderr=out
        )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def is_ready(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False


async def published(kafka: Kafka, user: UUID) -> list[Envelope]:
    """What the topics say of one user, in the log's order."""
    reader = kafka.reader()
    await reader.start()
    try:
        partitions = await partitions_of(kafka, TOLD)
        reader.assign(partitions)
        await reader.seek_to_beginning(*partitions)
        ends, found = await reader.end_offsets(partitions), []
        while any([await reader.position(each) < ends[each] for each in partitions]):
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += [decode(each.value, each.headers) for each in records if each.key == str(user).encode()]
        return sorted(found, key=lambda each: each.position)
    finally:
        await reader.stop()


async def publish(kafka: Kafka, *events: Event) -> None:
    """As moderation would."""
    producer = kafka.producer()
    await producer.start()
    try:
        for n, event in enumerate(events, 1):
            envelope = Envelope(
                id=uuid4(),
                name=event.NAME,
                source="/virtubar/local/moderation/1",
                subject=event.subject,
                time=datetime.now(UTC),
                schema_version=event.VERSION,
                stream_id=f"safety-{event.subject}",
                stream_version=n,
                position=n,
                correlation_id=None,
                causation_id=None,
                traceparent=None,
                data=event.model_dump(mode="json"),
            )
            value, headers = encode(envelope)
            await producer.send_and_wait(event.NAME, value, key=envelope.key, headers=headers)
    finally:
        await producer.stop()


async def test_an_evening_is_told_to_kafka_and_never_says_who(
    database: Database, kafka: KafkaServer, tmp_path: Path
) -> None:
    databases, client = await database("identity"), Kafka.parse(kafka.url)
    port, log = choose(["identity"])["identity"], tmp_path / "identity.log"
    secrets = [EMAIL, "canary"]
    async with (
        mailbox(tmp_path / "mail.jsonl") as mail,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        env = environment(databases, kafka, mail, port)
        async with running(env, log, "migrate") as migration:
            assert await migration.wait() == 0, log.read_text()
        await ensure_topics(kafka.url, "moderation")
        async with running(env, log, "all") as process:
            await until(lambda: is_ready(http), within=90, what="identity is ready")
            first = await sign_in(http, mail, EMAIL)
            user = UUID(first["user"]["id"])
            refused = {"email": EMAIL, "code": "no code", "device_type": "web"}
            assert (await http.post("/v1/auth/email/tokens", json=refused)).status_code == 401
            again = (await http.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
            assert (await http.post("/v1/auth/logout", headers=bearer(again))).status_code == 204
            second = await sign_in(http, mail, EMAIL)

            sanction = SanctionUser(
                sanction_id=uuid4(), user_id=user, kind="suspend", reason_code="spam", by_user_id=uuid4()
            )
            await publish(client, sanction)
            await until(lambda: refused_as(http, second["refresh_token"], 403), within=60, what="suspended")
            lift = SanctionLift(sanction_id=sanction.sanction_id, user_id=user, reason="withdrawn")
            await publish(client, lift)
            await until(lambda: refused_as(http, second["refresh_token"], 401), within=60, what="reinstated")
            third = await sign_in(http, mail, EMAIL)

            async def all_told() -> list[Envelope]:
                found = await published(client, user)
                return found if len(found) >= 7 else []

            told = await until(all_told, within=60, what="every event is published")
            for tokens in (first, again, second, third):
                secrets += [tokens["access_token"], tokens["refresh_token"]]
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0, log.read_text()

        assert [each.name for each in told] == [
            "user_register",
            "user_login",
            "session_revoke",
            "user_login",
            "user_suspend",
            "user_reinstate",
            "user_login",
        ]
        assert [each.stream_version for each in told] == list(range(1, 8))
        assert told[4].causation_id
        assert told[0].data == {"user_id": str(user), "auth_provider": "email"}
        secrets += [code_in(each) for each in mail.mails(EMAIL)]
        said = log.read_text()
        assert '"started"' in said, "the control: this is where it speaks"
        assert [secret for secret in secrets if secret in said or secret in repr(told)] == []


async def refused_as(http: httpx2.AsyncClient, refresh_token: str, status: int) -> bool:
    answer = await http.post("/v1/auth/refresh", json={"refresh_token": refresh_token})
    return answer.status_code == status
