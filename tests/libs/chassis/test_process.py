"""Real processes: they stop without dropping anything, and die whole when a part dies."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from tests.libs.chassis.serving import answers, free_port
from tests.waiting import until

Start = Callable[..., Awaitable[tuple[Process, str]]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """`process, url = await start("api", "worker")`: serving already, its log piped."""
    started: list[Process] = []

    async def run(*roles: str, wait: bool = True, **told: str) -> tuple[Process, str]:
        port = told.setdefault("HTTP_PORT", str(free_port()))
        environment = os.environ | {f"VIRTUBAR_{name}": value for name, value in told.items()}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.libs.chassis.night_process", str(tmp_path), *roles,
            env=environment, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        url = f"http://127.0.0.1:{port}"
        if wait:
            await until(lambda: answers(f"{url}/healthz"), what="the health endpoint")
        return process, url

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_sigterm_lets_requests_and_batches_end(start: Start, tmp_path: Path) -> None:
    process, url = await start("all")
    async with httpx2.AsyncClient() as client:
        assert (await client.get(f"{url}/readyz")).status_code == 200
        answer = asyncio.create_task(client.get(f"{url}/slow"))
        await until((tmp_path / "asked").exists)
        process.send_signal(signal.SIGTERM)
        assert (await answer).json() == "done"
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert (tmp_path / "stopped").exists()
    assert (tmp_path / "closed").exists()
    assert (tmp_path / "batches").read_text().endswith("batch\n")


@pytest.mark.parametrize("role", ["crash", "quits"])
async def test_a_role_that_ends_takes_the_process_down(start: Start, tmp_path: Path, role: str) -> None:
    process, _ = await start("worker", role, wait=False)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert (tmp_path / "stopped").exists()  # the others finished what they held
    assert (tmp_path / "closed").exists()
    assert (b"role died" in said) == (role == "crash")
    assert b"dana@example.org" not in said


async def test_a_role_that_does_not_stop_is_cut_short(start: Start) -> None:
    process, _ = await start("stubborn", STOP_SECONDS="1")
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert b"role cut short" in said


async def test_a_second_signal_stops_at_once(start: Start) -> None:
    process, _ = await start("stubborn", STOP_SECONDS="300")
    process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) != 0


async def test_a_process_without_the_api_serves_health_alone(start: Start) -> None:
    process, url = await start("worker")
    async with httpx2.AsyncClient() as client:
        assert (await client.get(f"{url}/readyz")).json() == {"ready": True, "checks": {"process": "ok"}}
        assert b"process_cpu_seconds_total" in (await client.get(f"{url}/metrics")).content
        assert (await client.get(f"{url}/slow")).status_code == 404
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_a_taken_port_is_an_error_that_is_told(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process, _ = await start("worker", wait=False, HTTP_PORT=str(taken.getsockname()[1]))
        _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert b'"role":"http"' in said


async def test_an_unknown_role_is_refused(start: Start) -> None:
    process, _ = await start("bartender", wait=False)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert b"bartender" in said
