"""Redis: a connection pool that gives up in time."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

TIMEOUT = 2.0  # seconds; Redis is a cache here, and waiting for it is worse than going without


def connect(url: str, *, decode: bool = True) -> Redis:
    """A client that connects when first used. Answers are str where `decode`, else bytes.

    Commands raise redis.exceptions.ConnectionError or TimeoutError when Redis is away, after one retry.
    """
    return Redis.from_url(
        url,
        decode_responses=decode,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 1),
    )
