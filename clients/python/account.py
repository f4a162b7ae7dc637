"""Somebody signed in: tokens that stay fresh, and HTTP requests that carry them."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import httpx2
import msgspec

from clients.python.again import until_answered
from clients.python.problems import Refused, Unreachable

T = TypeVar("T")
AskCode = Callable[[str], Awaitable[str]]
"""`await ask_code(email)` -> the six digits that were sent there."""
EARLY = 30.0  # seconds before its end a token is replaced


class Receipt(msgspec.Struct, frozen=True):
    receipt: UUID


class Erasure(msgspec.Struct, frozen=True):
    """`pending` or `done`, and which services are."""

    status: str
    services: dict[str, str]


class Account:
    """`http` has the gateway as its base URL, and may be shared by any number of accounts.

    `patience`: seconds `ask` goes on trying what may be repeated while nobody answers.
    """

    def __init__(self, http: httpx2.AsyncClient, device_type: str = "desktop", patience: float = 10.0) -> None:
        self._http = http
        self._patience = patience
        self._device_type = device_type
        self._access, self._refresh = "", ""
        self._fresh_until = 0.0
        self._renewing = asyncio.Lock()
        self.scope = ""  # full; or appeal, of somebody suspended
        self.user_id: UUID | None = None

    @property
    def device_type(self) -> str:
        return self._device_type

    async def sign_in(self, email: str, ask_code: AskCode, locale: str | None = None) -> UUID:
        """By one-time code; the first time it makes the account. Raises Refused, Unreachable."""
        body = {"email": email} | ({"locale": locale} if locale else {})
        await self._send("POST", "/v1/auth/email/codes", json=body)
        code = await ask_code(email)
        answer = await self._send(
            "POST", "/v1/auth/email/tokens", json={"email": email, "code": code, "device_type": self._device_type}
        )
        self._take(answer.json())
        self.user_id = UUID(answer.json()["user"]["id"])
        return self.user_id

    async def sign_out(self) -> None:
        await self.request("POST", "/v1/auth/logout")
        self._access = self._refresh = ""

    async def erase(self) -> UUID:
        """Be forgotten; the receipt tells `erasure` how far that is. Raises Refused (`reauthenticate`), Unreachable."""
        return (await self.ask(Receipt, "DELETE", "/v1/me")).receipt

    async def erasure(self, receipt: UUID) -> Erasure:
        """Anybody may look who has the receipt. Raises Refused, Unreachable."""
        answer = await self._send("GET", f"/v1/erasures/{receipt}")
        return msgspec.json.decode(answer.content, type=Erasure)

    def use(self, access_token: str, user_id: UUID, expires_in: float = 300.0) -> None:
        """A token from elsewhere, which is not renewed."""
        self._access, self._refresh = access_token, ""
        self._fresh_until = monotonic() + expires_in
        self.user_id = user_id

    async def token(self) -> str:
        """An access token good for a while yet. Raises Refused where the session has ended."""
        if monotonic() > self._fresh_until - EARLY and self._refresh:
            async with self._renewing:
                if monotonic() > self._fresh_until - EARLY:
                    await self._renew()
        return self._access

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """A request with our token; once more with a new one where it has just ended. Raises Refused, Unreachable."""
        used = await self.token()
        try:
            return await self._send(method, path, token=used, **options)
        except Refused as no:
            if no.status != 401 or not self._refresh:
                raise
        async with self._renewing:
            if self._access == used:
                await self._renew()
        return await self._send(method, path, token=self._access, **options)

    async def ask(self, kind: type[T], method: str, path: str, *, key: str | UUID | None = None, **options: Any) -> T:
        """The answer as `kind` (`type(None)` where there is none to read), asked for until there is one.

        `key` is for what must not happen twice: the same one again gets the first answer. Whatever else is asked by
        `ask` may be repeated. Raises Refused, Unreachable.
        """
        if key is not None:
            options["headers"] = {**options.get("headers", {}), "idempotency-key": str(key)}
        answer = await until_answered(lambda: self.request(method, path, **options), self._patience)
        return msgspec.json.decode(answer.content or b"null", type=kind)

    async def renew(self) -> None:
        """A new access token now, for example because one was given a role. Raises Refused, Unreachable."""
        async with self._renewing:
            await self._renew()

    async def _renew(self) -> None:
        self._take((await self._send("POST", "/v1/auth/refresh", json={"refresh_token": self._refresh})).json())

    def _take(self, tokens: dict[str, Any]) -> None:
        self._access, self._refresh = tokens["access_token"], tokens["refresh_token"] or ""
        self.scope = tokens["scope"]
        self._fresh_until = monotonic() + tokens["expires_in"]

    async def _send(self, method: str, path: str, token: str = "", **options: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            answer = await self._http.request(method, path, headers=headers | options.pop("headers", {}), **options)
        except httpx2.HTTPError as error:
            raise Unreachable(type(error).__name__) from error
        if answer.is_success:
            return answer
        is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
        raise Refused.of(answer.status_code, answer.json() if is_problem else {}, answer.headers.get("retry-after"))
