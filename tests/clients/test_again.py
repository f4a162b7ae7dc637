"""What may be repeated is tried again for as long as somebody is patient; a no is a no."""

from collections.abc import Awaitable, Callable

import pytest

from clients.python import ClientError, Refused, Unreachable
from clients.python.again import until_answered


def answering(*answers: ClientError | str) -> tuple[Callable[[], Awaitable[str]], list[ClientError | str]]:
    """These, one after the other; and what of them is left."""
    left = list(answers)

    async def ask() -> str:
        answer = left.pop(0)
        if isinstance(answer, ClientError):
            raise answer
        return answer

    return ask, left


@pytest.mark.parametrize(
    "passing",
    [Unreachable("down"), Refused("unavailable", 503), Refused("rate_limited", 429, retry_after=0.1),
     Refused("idempotency_in_flight", 409)],
)  # fmt: skip
async def test_what_passes_is_waited_for(passing: ClientError) -> None:
    ask, left = answering(passing, passing, "here you are")
    assert await until_answered(ask, patience=30) == "here you are"
    assert left == []


@pytest.mark.parametrize("final", [Refused("not_found", 404), Refused("room_full", 409), Refused("invalid", 422)])
async def test_a_no_is_final(final: Refused) -> None:
    ask, left = answering(final, "never asked for")
    with pytest.raises(Refused):
        await until_answered(ask, patience=30)
    assert left == ["never asked for"]


@pytest.mark.parametrize("trouble", [Unreachable("down"), Refused("rate_limited", 429, retry_after=60)])
async def test_nobody_waits_longer_than_they_have_patience_for(trouble: ClientError) -> None:
    ask, left = answering(trouble, "too late")
    with pytest.raises(type(trouble)):
        await until_answered(ask, patience=0.05)
    assert left == ["too late"]
