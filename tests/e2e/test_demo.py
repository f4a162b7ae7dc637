"""`virtubar demo` as somebody sees it who has just opened the bar, and somebody who has seen enough of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from deploy.native.folder import CHECKOUT
from tests.e2e.conftest import Night

SHORT = ("demo", "--guests", "6", "--seconds", "10")
KEYS_OUT = "select count(*) from identity.user_roles"
LEFT_OVER = "select count(*) from inventory.inventory_items where active and sku like 'drink-midnight-fizz-%'"


@contextmanager
def started(night: Night, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    env = {**os.environ, **night.bar.env, "VIRTUBAR_DATA": str(night.bar.root)}
    command = [sys.executable, "-m", "cli", *arguments]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


async def left_over(night: Night) -> list[int]:
    """People who still have a role, drinks that were for one evening."""
    db = await asyncpg.connect(night.bar.status()["postgres"]["admin"])
    try:
        return [await db.fetchval(sql) for sql in (KEYS_OUT, LEFT_OVER)]
    finally:
        await db.close()


async def test_ctrl_c_sends_everybody_home_and_the_next_evening_is_a_good_one(night: Night) -> None:
    before = await left_over(night)
    with started(night, "demo", "--guests", "6", "--seconds", "60") as running:
        assert running.stderr
        for line in running.stderr:
            if "walks into the lounge" in line:
                running.send_signal(signal.SIGINT)
                break
        rest = running.stderr.read()
        assert running.wait(60) == 130, rest
    assert "Traceback" not in rest
    assert await left_over(night) == before

    told = night.bar.virtubar(*SHORT)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "✗" not in told.stdout
    for words in ("Dana buys Rui a Midnight Fizz", "Maya bans Otto for an hour", "every service has forgotten Lena"):
        assert words in told.stderr
    assert "virtubar sql" in told.stdout
    assert await left_over(night) == before
    assert json.loads(night.bar.virtubar("verify", "--json").stdout)["clean"]
