"""Which failures pass by themselves: asked by HTTP (503, try again) and by consumers (wait, do not give up)."""

import asyncpg
from aiokafka.errors import KafkaError
from asyncpg import exceptions as pg
from redis import exceptions as redis

from libs.eventstore.errors import Conflict

TRANSIENT: tuple[type[BaseException], ...] = (
    Conflict,
    OSError,  # refused, reset, unreachable, no such host; TimeoutError too
    pg.PostgresConnectionError,
    pg.OperatorInterventionError,  # shutting down, starting up, statement cancelled by the time limit
    pg.InsufficientResourcesError,  # too many connections
    pg.TransactionRollbackError,  # deadlock, serialisation failure
    pg.LockNotAvailableError,
    pg.IdleInTransactionSessionTimeoutError,
    pg.InternalClientError,  # how asyncpg may find a session that the server has just ended
    redis.ConnectionError,
    redis.TimeoutError,
    KafkaError,
)


def is_transient(error: BaseException) -> bool:
    """True where the same call may well succeed later, with nothing about it changed."""
    return isinstance(error, TRANSIENT) or _closed_under_us(error)


def _closed_under_us(error: BaseException) -> bool:
    # asyncpg has no class of its own for this; its other InterfaceErrors are mistakes of the caller
    return isinstance(error, asyncpg.InterfaceError) and ("closed" in str(error) or "closing" in str(error))
