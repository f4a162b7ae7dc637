"""The reference client signs in, stays so, and says plainly when it no longer is. Against identity as it runs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clients.python import Client, Refused, Unreachable
from tests.accounts import Mailbox, mailbox
from tests.conftest import Database
from tests.identity.conftest import Clock, serving, told

DANA = "dana@example.com"


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with mailbox(tmp_path / "mail.jsonl") as box:
        yield box


@pytest.fixture
async def guest(database: Database, mail: Mailbox) -> AsyncIterator[Client]:
    """Tokens last a second, so that every few requests need a new one."""
    settings = told(await database("identity"), mail, access_token_seconds=1)
    async with serving(settings, Clock()) as http, Client("", http=http) as client:

        async def ask_code(email: str) -> str:
            return mail.code(email)

        assert await client.sign_in(DANA, ask_code) == client.account.user_id
        yield client


async def test_a_guest_stays_signed_in_while_tokens_come_and_go(guest: Client) -> None:
    first = await guest.account.token()
    assert (await guest.account.request("GET", "/v1/me")).json()["id"] == str(guest.account.user_id)
    assert await guest.account.token() != first  # a second is less than the margin: each is replaced at once
    answers = await asyncio.gather(*(guest.account.request("GET", "/v1/me") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_session_that_ended_is_refused_in_so_many_words(guest: Client) -> None:
    await guest.account.sign_out()
    with pytest.raises(Refused) as no:
        await guest.account.request("GET", "/v1/me")
    assert no.value.status == 401


async def test_nobody_there_is_another_matter() -> None:
    async with Client("http://127.0.0.1:1", patience=0) as client:
        with pytest.raises(Unreachable):
            await client.rooms()
