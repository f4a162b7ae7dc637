"""The public keys that identity signs with, as far as this process has heard."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Protocol

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from libs.chassis.problems import Unavailable

FRESH = 600.0  # seconds after which keys are fetched anew: a withdrawn one is trusted no longer than this
THROTTLE = 5.0  # seconds between two fetches, or anybody could have us fetch with made-up key ids
TIMEOUT = 3.0


class Keys(Protocol):
    """Where a Verifier finds keys. Identity hands in its own."""

    async def get(self, kid: str) -> ECKey | None:
        """None for a key nobody signs with. Raises Unavailable when that cannot be told."""


async def fetch(url: str) -> dict[str, Any]:
    """A JWKS document. Raises httpx2.HTTPError or ValueError."""
    async with httpx2.AsyncClient(timeout=TIMEOUT) as client:
        found: dict[str, Any] = (await client.get(url)).raise_for_status().json()
        return found


class Jwks:
    """Keys from a URL, remembered; an unknown key id or the passing of time makes it look again."""

    def __init__(
        self,
        url: str,
        *,
        fetch: Callable[[str], Awaitable[dict[str, Any]]] = fetch,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url, self._fetch, self._clock = url, fetch, clock
        self._keys: dict[str, ECKey] = {}
        self._fetched = self._tried = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def get(self, kid: str) -> ECKey | None:
        if kid in self._keys and self._clock() - self._fetched < FRESH:
            return self._keys[kid]
        async with self._one_at_a_time:
            if self._clock() - self._tried >= THROTTLE:
                await self._look()
        if kid not in self._keys and self._fetched < self._tried:
            raise Unavailable("Tokens cannot be checked right now.")
        return self._keys.get(kid)

    async def _look(self) -> None:
        self._tried = self._clock()
        try:
            found = KeySet.import_key_set(await self._fetch(self._url))  # type: ignore[arg-type]
        except (httpx2.HTTPError, OSError, ValueError, TypeError, KeyError, JoseError):
            return  # the keys we have go on being good
        self._keys = {key.kid: key for key in found.keys if key.kid and isinstance(key, ECKey)}
        self._fetched = self._clock()
