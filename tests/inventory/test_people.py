"""Who is suspended, and what stands between two people: whatever order it is heard in."""

from itertools import permutations
from uuid import uuid4

from libs.contracts.event import Event
from libs.contracts.identity import UserDelete, UserReinstate, UserSuspend
from libs.contracts.social import BlockUser, UnblockUser
from libs.safety.pairs import pair_stream
from services.inventory.people import standing
from tests.inventory.house import ANN, BOB, House

SUSPENDED = "select user_id, suspended, place from standings"
BLOCKED = "select low_blocks, high_blocks from pairs where low = $1"


def suspend() -> UserSuspend:
    return UserSuspend(user_id=ANN, sanction_id=uuid4())


async def test_what_is_further_on_in_a_persons_stream_counts(house: House) -> None:
    story: list[tuple[Event, int]] = [(suspend(), 3), (UserReinstate(user_id=ANN), 5), (suspend(), 8)]
    for end, barred in ((2, False), (3, True)):
        for order in permutations(range(end)):
            await house.owner.execute("delete from standings")
            for n in order:
                event, version = story[n]
                envelope = await house.hears(event, version=version)
                await house.applying.alone(envelope)
            assert (await standing(house.owner, ANN)).barred is barred


async def test_a_block_holds_until_it_is_taken_back_in_whatever_order_that_is_heard(house: House) -> None:
    pair = pair_stream(ANN, BOB)
    block, unblock = [kind(blocker_user_id=ANN, blocked_user_id=BOB) for kind in (BlockUser, UnblockUser)]
    story: list[tuple[Event, int]] = [(block, 1), (unblock, 2), (block, 3)]
    for end, blocked in ((1, True), (2, False), (3, True)):
        for order in permutations(range(end)):
            await house.owner.execute("delete from pairs")
            for n in order:
                await house.hears(story[n][0], pair, story[n][1])
            row = await house.pool.fetchrow(BLOCKED, ANN)
            assert row is not None
            assert (row["low_blocks"], row["high_blocks"]) == (blocked, False)


async def test_what_is_heard_after_the_erasure_makes_no_row(house: House) -> None:
    story: list[Event] = [suspend(), UserReinstate(user_id=ANN), UserDelete(user_id=ANN)]
    await house.hears(UserDelete(user_id=ANN))
    for event in story:
        await house.hears(event)
    assert await house.pool.fetch(SUSPENDED) == []
    assert (await house.rebuilt()).differences == []
