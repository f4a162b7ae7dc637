"""People for tests: a mailbox that really takes mail, and the sign-in a person does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from aiosmtpd.smtp import SMTP

from deploy.native.mailbox import Mail, Sink, code_in, newest_first


@dataclass(frozen=True)
class Mailbox:
    """Every mail that was taken, by recipient."""

    path: Path
    port: int

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def mails(self, to: str) -> list[Mail]:
        """Newest first."""
        return list(newest_first(self.path, to))

    def code(self, to: str) -> str:
        """The newest code that was sent there."""
        return code_in(self.mails(to)[0])


@asynccontextmanager
async def mailbox(path: Path) -> AsyncIterator[Mailbox]:
    """A mail server on loopback, in this event loop."""
    path.touch()
    sink = Sink(path)
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: SMTP(sink, hostname="mail.virtubar.example"), "127.0.0.1", 0) as server:
        yield Mailbox(path, server.sockets[0].getsockname()[1])


async def ask_for_code(client: httpx2.AsyncClient, mail: Mailbox, email: str) -> str:
    """Ask for a code and read it in the mailbox. `client` has the base URL of identity or of the gateway."""
    asked = await client.post("/v1/auth/email/codes", json={"email": email})
    assert asked.status_code == 202, asked.text
    return mail.code(email)


async def sign_in(client: httpx2.AsyncClient, mail: Mailbox, email: str, device_type: str = "web") -> dict[str, Any]:
    """The tokens: `{access_token, token_type, expires_in, refresh_token, user}`."""
    code = await ask_for_code(client, mail, email)
    answer = await client.post("/v1/auth/email/tokens", json={"email": email, "code": code, "device_type": device_type})
    assert answer.status_code == 200, answer.text
    signed_in: dict[str, Any] = answer.json()
    return signed_in


def bearer(signed_in: dict[str, Any]) -> dict[str, str]:
    """The header of a request by whoever signed in."""
    return {"authorization": f"Bearer {signed_in['access_token']}"}
