"""The Idempotency-Key header, as what the event store remembers answers by."""

import hashlib
from typing import Annotated

from fastapi import Depends, Header, Request

from libs.chassis.auth import Me
from libs.eventstore.idempotency import Once

VISIBLE_ASCII = r"^[\x21-\x7e]{1,255}$"

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=VISIBLE_ASCII,
        description="repeat the request with the same key and body, and it is answered the same and done once",
    ),
]


async def _once(request: Request, me: Me, key: Key = None) -> Once | None:
    if key is None:
        return None
    body = await request.body()  # read already, and remembered
    return Once(me.user_id, key, fingerprint(request.method, request.url.path, body))


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same: 32 bytes over method, path and body."""
    return hashlib.sha256(b"%b %b\n%b" % (method.encode(), path.encode(), body)).digest()


MaybeOnce = Annotated[Once | None, Depends(_once)]
"""A parameter of a route that takes a key: hand it to the store as `once`."""
