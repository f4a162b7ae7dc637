"""Opening the node's port."""

import asyncio
import socket
import ssl

import aiofastnet

from services.rooms.realtime.connection import Connection, Entrance
from services.rooms.realtime.settings import NodeSettings

BACKLOG = 1024  # connections the kernel keeps while we are busy


async def listen(entrance: Entrance, settings: NodeSettings) -> asyncio.AbstractServer:
    """Take connections from now on. Raises OSError where the port is taken, ssl.SSLError for a bad certificate."""
    family = socket.AF_INET6 if ":" in settings.node_host else socket.AF_INET
    door = socket.create_server((settings.node_host, settings.node_port), family=family, backlog=BACKLOG)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)  # accepted sockets inherit it
    door.setblocking(False)
    server: asyncio.AbstractServer = await aiofastnet.create_server(
        asyncio.get_running_loop(),
        lambda: Connection(entrance),
        sock=door,
        backlog=BACKLOG,
        ssl=_tls(settings),
    )
    return server


def port_of(server: asyncio.AbstractServer) -> int:
    port: int = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    return port


def public_url(settings: NodeSettings, port: int) -> str:
    """What clients are told, without a slash at its end."""
    if settings.node_public_url:
        return settings.node_public_url.rstrip("/")
    host = f"[{settings.node_host}]" if ":" in settings.node_host else settings.node_host
    return f"{'wss' if settings.node_tls_certificate else 'ws'}://{host}:{port}"


def _tls(settings: NodeSettings) -> ssl.SSLContext | None:
    if settings.node_tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.node_tls_certificate, settings.node_tls_key)
    return context
