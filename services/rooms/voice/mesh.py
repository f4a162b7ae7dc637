"""Voice by way of a mesh of browsers: the servers by which they find each other, and credentials for those."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.rooms.settings import RoomsSettings


@dataclass(frozen=True, slots=True)
class IceServer:
    """As browsers take it: RTCIceServer."""

    urls: Sequence[str]
    username: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Mesh:
    """Until `expires_at` the servers let this guest in; at most `publishers` microphones are open in a room."""

    ice_servers: Sequence[IceServer]
    publishers: int
    expires_at: datetime


def mesh(settings: RoomsSettings, visit: UUID, at: datetime) -> Mesh:
    expires_at = at + settings.voice_turn
    servers = [IceServer(settings.voice_stun_urls)] if settings.voice_stun_urls else []
    if settings.voice_turn_urls:
        servers.append(turn(settings.voice_turn_urls, settings.voice_turn_secret, visit, expires_at))
    return Mesh(servers, settings.voice_publishers, expires_at)


def turn(urls: Sequence[str], secret: str, visit: UUID, expires_at: datetime) -> IceServer:
    """Credentials that a TURN server with the same secret believes until then (coturn: `use-auth-secret`)."""
    username = f"{int(expires_at.timestamp())}:{visit}"
    digest = hmac.digest(secret.encode(), username.encode(), "sha1")
    return IceServer(urls, username, b64encode(digest).decode())
