"""Whole bars, opened and closed by the command as a person would."""

import json
import os
import signal
import smtplib
from email.message import EmailMessage
from typing import Any

from aiokafka.admin import NewTopic

from deploy.bar import SERVICES
from libs.chassis.kafka import Kafka
from tests.stack import OpenBar, open_bar
from tests.waiting import until


def pids(bar: OpenBar) -> dict[str, int]:
    return {entry["name"]: entry["pid"] for entry in bar.status()["services"]}


def test_status_is_one_document_with_urls_of_everything(bar: OpenBar) -> None:
    printed = bar.virtubar("status", "--json")
    document = json.loads(printed.stdout)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert document == bar.status()
    assert set(document["postgres"]) == {"admin", *(service.name for service in SERVICES)}
    assert document["gateway"].startswith("http://127.0.0.1:")
    assert document["kafka"].startswith("kafka://virtubar:")
    assert document["redis"].startswith("redis://virtubar:")
    assert document["data"] == str(bar.root)
    names = [entry["name"] for entry in document["services"]]
    assert names[:4] == ["postgres", "redis", "kafka", "mail"]
    assert {"identity", "rooms", "analytics", "rooms-node-1", "gateway"} < set(names)
    assert all(entry["ready"] and entry["pid"] and entry["roles"] for entry in document["services"])


def test_up_twice_is_harmless_and_other_options_are_refused(bar: OpenBar) -> None:
    before = pids(bar)
    again = bar.virtubar("up")
    assert (again.returncode, again.stdout) == (0, "")
    assert "is open already" in again.stderr
    assert pids(bar) == before
    other = bar.virtubar("up", "--nodes", "3")
    assert other.returncode == 1
    assert "make down" in other.stderr
    assert pids(bar) == before


async def test_what_is_killed_is_back_within_seconds(bar: OpenBar) -> None:
    before, killed = pids(bar), {"postgres", "redis", "kafka", "identity", "rooms-node-1", "gateway"}
    for name in killed:
        os.kill(before[name], signal.SIGKILL)

    def all_back() -> bool:
        services = bar.status()["services"]
        others = {entry["name"] for entry in services if entry["pid"] not in (None, before[entry["name"]])}
        return killed <= others and all(entry["ready"] for entry in services)

    await until(all_back, within=180, every=0.2)
    assert pids(bar)["mail"] == before["mail"]  # services may choose to end with their stores, but not this one


def test_mail_is_kept_and_shown_newest_first(bar: OpenBar) -> None:
    host, port = bar.status()["mail"].removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as smtp:
        for number in (1, 2):
            message = EmailMessage()
            message["to"], message["from"], message["subject"] = (
                "Guest@Example.org",
                "bar@example.org",
                f"Code {number}",
            )
            message.set_content(f"Your code: {number:06}\nCiao, Zoë")
            smtp.send_message(message)
    shown = bar.virtubar("mail", "--to", "guest@example.org", "--json")
    mails: list[dict[str, Any]] = json.loads(shown.stdout)
    assert [mail["subject"] for mail in mails] == ["Code 2", "Code 1"]
    assert mails[0]["text"] == "Your code: 000002\nCiao, Zoë\n"
    assert set(mails[0]) == {"to", "subject", "at", "text"}


async def test_events_tail_prints_a_topic(bar: OpenBar) -> None:
    kafka = Kafka.parse(bar.status()["kafka"])
    admin = kafka.admin()
    await admin.start()
    await admin.create_topics([NewTopic("of_this_test", num_partitions=1, replication_factor=1)])
    await admin.close()
    async with kafka.producer() as producer:
        await producer.send_and_wait("of_this_test", b'{"n": 1}', headers=[("ce_type", b"room_update")])
    shown = bar.virtubar("events", "tail", "of_this_test", "--from-beginning", "-n", "1", within=60)
    assert json.loads(shown.stdout) == {"partition": 0, "offset": 0, "type": "room_update", "data": {"n": 1}}
    unknown = bar.virtubar("events", "tail", "room_jion", within=60)
    assert unknown.returncode == 1
    assert "room_join" in unknown.stderr


async def test_a_second_bar_opens_beside_the_first_and_ends_with_its_supervisor(bar: OpenBar) -> None:
    with open_bar("--nodes", "2") as second:
        assert {"rooms-node-1", "rooms-node-2"} < set(pids(second))
        assert not set(pids(bar).values()) & set(pids(second).values())
        supervisor = json.loads((second.root / "state.json").read_text())["supervisor"]["pid"]
        os.kill(supervisor, signal.SIGKILL)

        def all_ended() -> bool:
            assert second.processes() == []
            return True

        await until(all_ended, within=180, what="the kernel to end every process of it")
        asked = second.virtubar("status", "--json")
        assert (asked.returncode, asked.stdout) == (1, "")
        assert "Next: make up" in asked.stderr
        closed = second.virtubar("down")
        assert closed.returncode == 0
        assert "is gone without having closed the bar" in closed.stderr
    assert all(entry["ready"] for entry in bar.status()["services"])
