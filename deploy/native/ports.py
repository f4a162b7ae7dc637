"""Ports on loopback: chosen once per data folder, from a base or from what is free."""

import os
import random
import socket
from collections.abc import Sequence

import psutil

from deploy.native.errors import BarError, PortInUse

HOST = "127.0.0.1"
# Below the range from which the kernel takes the ports of outgoing connections (32768 and up).
POOL = "20000-31999"


def pool() -> range:
    """Where ports are picked: a part of it for each, VIRTUBAR_PORT_POOL, who opens bars at the same moment."""
    first, last = map(int, os.environ.get("VIRTUBAR_PORT_POOL", POOL).split("-"))
    return range(first, last + 1)


def is_free(port: int) -> bool:
    """Whether we could listen on this port of loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(names: Sequence[str], *, base: int | None = None, taken: Sequence[int] = ()) -> dict[str, int]:
    """A port for each name: `base`, `base + 1`, ... or free ones picked at random and not in `taken`."""
    if base is not None:
        if not 1024 <= base <= 65535 - len(names):
            raise BarError(f"VIRTUBAR_PORT_BASE={base} leaves no room", "choose a number between 1024 and 65000")
        return {name: base + offset for offset, name in enumerate(names)}
    candidates = random.sample(pool(), k=len(pool()))
    free = (port for port in candidates if port not in taken and is_free(port))
    return {name: next(free) for name in names}


def require_free(name: str, port: int) -> None:
    """Raise PortInUse, naming who listens, unless `port` is free."""
    if is_free(port):
        return
    raise PortInUse(
        f"port {port}, which {name} of this bar uses, is taken by {listener(port)}",
        f"stop that process, or open the bar elsewhere: VIRTUBAR_PORT_BASE={free_base()} make up",
    )


def free_base() -> int:
    """The first round number after which a whole bar finds its ports free; else the first of all."""
    bases = range(21000, pool().stop, 1000)
    return next((base for base in bases if all(map(is_free, range(base, base + 50)))), bases.start)


def listener(port: int) -> str:
    """Who listens on `port`, in words, as far as we may know."""
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                break
    return "another process"
