"""What a node knows of people: the newest word, whether it heard it itself or was told by the service's tables."""

from datetime import datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.cloudevents import Envelope
from libs.contracts.rooms import RoomMute as RoomMuted
from libs.contracts.rooms import RoomUnmute
from libs.safety.pairs import Pair, change_of, place_of
from services.rooms.realtime.safety import Safety
from services.rooms.sanction import Sanction, heard
from services.rooms.standings import Known, RoomMute
from tests.libs.safety.talk import histories
from tests.rooms.people import ANN, BOB, LOUNGE, NINE, after
from tests.rooms.safety import JUDGE, imposed, lifted, told
from tests.weave import arrivals

NOTHING = Known({}, [], [])


def safety(now: datetime = NINE, remembered: int = 1000) -> Safety:
    return Safety(lambda: now, remembered)


def kept(envelopes: list[Envelope]) -> Known:
    """What the service's tables know once they have heard these."""
    pairs: dict[tuple[UUID, UUID], Pair] = {}
    for each in envelopes:
        if said := change_of(each):
            pairs[said.low, said.high] = pairs.get((said.low, said.high), Pair()).after(said)
    return Known(pairs, [], [])


@given(histories.flatmap(lambda history: st.tuples(st.just(history), arrivals(history), st.data())))
def test_a_seed_and_what_is_heard_beside_it_come_to_the_same_as_the_whole_story(
    given_: tuple[list[Envelope], list[Envelope], st.DataObject],
) -> None:
    """The tables are behind by any number of events, asked at any moment; the node hears what they have not."""
    history, arrived, data = given_
    behind = data.draw(st.integers(0, len(history)))
    moment = data.draw(st.integers(0, len(arrived)))
    node, whole = safety(), safety()
    for envelope in history:
        whole.hear(envelope)
    seen = {each.id for each in history[:behind]}
    coming = [each for each in arrived if each.id not in seen or data.draw(st.booleans())]
    for envelope in coming[:moment]:
        node.hear(envelope)
    node.learn(kept(history[:behind]))
    for envelope in coming[moment:]:
        node.hear(envelope)
    assert node.relation(ANN, BOB) == whole.relation(ANN, BOB)
    assert node.relation(BOB, ANN) == node.relation(ANN, BOB).turned()


def test_news_is_told_once() -> None:
    node, ban = safety(), told(imposed("ban"))
    assert node.hear(ban).users == {ANN}
    assert node.hear(ban).users == set()
    assert node.learn(NOTHING).users == set()


def test_a_sanction_counts_where_and_as_long_as_it_holds() -> None:
    dance = UUID(int=102)
    clock = [NINE]
    node = Safety(lambda: clock[0])
    node.hear(told(ban := imposed("room_ban", room_id=LOUNGE, until=after(60))))
    assert node.barring(ANN, LOUNGE)
    assert not node.barring(ANN, dance)
    assert not node.barring(BOB, LOUNGE)
    clock[0] = after(60)
    assert not node.barring(ANN, LOUNGE), "nobody has to say that it is over"
    clock[0] = after(59)
    node.hear(told(lifted(ban), 2))
    assert not node.barring(ANN, LOUNGE)


def test_the_lift_may_come_first() -> None:
    node, ban = safety(), imposed("suspend")
    node.hear(told(lifted(ban), 2))
    node.hear(told(ban, 1))
    known = heard(ban, place_of(told(ban, 1)), NINE)
    assert known
    node.learn(Known({}, [known], []))
    assert not node.barring(ANN, LOUNGE)
    assert node.may_speak(ANN, LOUNGE)


def test_mutes_of_the_house_and_of_the_room_are_told_apart_and_the_longest_counts() -> None:
    clock = [NINE]
    node = Safety(lambda: clock[0])
    node.hear(told(imposed("mute", until=after(10))))
    node.hear(told(imposed("mute", until=after(30))))
    node.hear(told(RoomMuted(room_id=LOUNGE, user_id=ANN, by_user_id=JUDGE), at=after(1)))
    assert node.mutes(ANN, LOUNGE) == {"house": after(30), "room": None}
    assert not node.may_speak(ANN, UUID(int=102))
    clock[0] = after(31)
    assert node.mutes(ANN, LOUNGE) == {"room": None}
    node.hear(told(RoomUnmute(room_id=LOUNGE, user_id=ANN, by_user_id=JUDGE), at=after(2)))
    assert node.may_speak(ANN, LOUNGE)
    node.learn(Known({}, [], [RoomMute(LOUNGE, ANN, after(1), True)]))
    assert node.may_speak(ANN, LOUNGE), "the tables speak of what was before"


def test_it_remembers_the_newest_and_those_it_was_just_told_of() -> None:
    node = safety(remembered=3)
    for n in range(1, 5):
        node.hear(told(imposed("ban", UUID(int=n))))
        node.learn(Known({}, [_first(node)] if n > 1 else [], []))
    assert node.barring(UUID(int=1), LOUNGE), "asked about all the time"
    assert not node.barring(UUID(int=2), LOUNGE)
    assert node.barring(UUID(int=4), LOUNGE)


def _first(node: Safety) -> Sanction:
    found = node.barring(UUID(int=1), LOUNGE)
    assert found
    return found
