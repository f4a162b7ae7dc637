"""What a room was told: nobody who comes back hears it twice, or misses what they may hear, whoever owns the room."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.safety.surface import Surface
from services.rooms.realtime.lane import Entry, Lane, first_offset, offset_of, stream_id
from services.rooms.realtime.roster import Checkpoint, Person, Roster, folded, packed, person_of
from tests.rooms.realtime.comings import Comings
from tests.rooms.realtime.views import View, at_once, block, mute, now, unblock, unmute
from tests.rooms.safety import imposed, told

ANN, BOB, CEM, DEE = FOUR = tuple(UUID(int=n) for n in range(1, 5))
ACTS = st.sampled_from(
    ["in", "out", "cut", "cut", "resume", "resume", "say", "say", "hand over", "die", "forget", "speak"]
)
FALLING_OUT = st.sampled_from([block, unblock, mute, unmute])
STEPS = st.one_of(
    st.tuples(st.sampled_from(FOUR), ACTS),
    st.tuples(st.permutations(FOUR).map(lambda four: tuple(four[:2])), FALLING_OUT),
)


class Evening:
    """`heard` is what each client should have on its screen by now, `missing` what it has not been told yet."""

    def __init__(self, floor: Comings) -> None:
        self.floor = floor
        self.blocks, self.mutes = set[tuple[UUID, UUID]](), set[tuple[UUID, UUID]]()
        self.heard: dict[UUID, list[str]] = {}
        self.missing: dict[UUID, list[tuple[UUID, str]]] = {}

    def play(self, script: list[Any]) -> None:
        for number, (who, act) in enumerate(script):
            if callable(act):
                self.floor.hear(act(*who))
                facts = self.mutes if act in (mute, unmute) else self.blocks
                (facts.add if act in (block, mute) else facts.discard)(who)
            else:
                self._act(who, act, f"{number}")

    def hears(self, user: UUID, author: UUID) -> bool:
        return not self.apart(user, author) and (user, author) not in self.mutes

    def apart(self, one: UUID, other: UUID) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def _act(self, who: UUID, act: str, text: str) -> None:
        floor, here = self.floor, who in self.floor.views
        match act:
            case "in" if who not in floor.room.members:
                floor.come(who)
                self.heard[who], self.missing[who] = [], []
            case "out" if here:
                floor.go(who)
            case "cut" if here:
                floor.cut(who)
            case "resume" if who in floor.gone:
                self._resume(who)
            case "say" if here:
                said = floor.room.say(floor.room.members[who], uuid4(), text, now())
                floor.hall.tell(said, Surface.CHAT, who, chat=said.id)
                for user in floor.views:
                    if self.hears(user, who):
                        self.heard[user].append(text)
                for user in floor.gone:
                    self.missing[user].append((who, text))
            case "speak" if here:
                member = floor.room.members[who]
                floor.halls.turn(floor.hall, member, floor.now, publishing=not member.publishing)
            case "hand over" | "die":
                for user in floor.views:
                    self.missing[user] = []
                floor.hand_over(unwritten=act == "die")
            case "forget":
                floor.forget()

    def _resume(self, user: UUID) -> None:
        missing, self.missing[user] = self.missing[user], []
        if self.floor.resume(user):
            self.heard[user] += [text for author, text in missing if self.hears(user, author)]
        else:
            self.heard[user] = []  # and its client knows


@given(st.lists(STEPS, max_size=80))
def test_whoever_comes_back_hears_each_word_once_and_sees_who_is_there(script: list[Any]) -> None:
    evening = Evening(floor := Comings())
    evening.play(script)
    for user in list(floor.gone):
        evening._act(user, "resume", "")
    for user, view in floor.views.items():
        assert view.said == evening.heard[user]
        assert view.offsets == sorted(set(view.offsets)), "in order, nothing twice"
        seen = {each: member for each, member in floor.room.members.items() if not evening.apart(user, each)}
        assert view.roster.people.keys() == seen.keys()
        for each, person in view.roster.people.items():
            member = seen[each]
            assert (person.slot, person.away, person.publishing) == (member.slot, member.away, member.publishing)


@given(st.lists(STEPS, max_size=60))
def test_the_roster_of_a_stream_is_the_room(script: list[Any]) -> None:
    evening = Evening(floor := Comings())
    evening.play(script)
    floor.stream.write(floor.hall.lane)
    roster, _ = folded(floor.stream.past(9).entries)
    assert roster
    assert roster.epoch == floor.room.epoch
    assert roster.hidden == set(floor.hall.veil.pairs())
    assert {user: _known(person_of(member)) for user, member in floor.room.members.items()} == {
        user: _known(person) for user, person in roster.people.items()
    }


def _known(person: Any) -> tuple[Any, ...]:
    return person.visit, person.slot, person.admitted, person.away, person.publishing, person.mutes


class Forgetful(Comings):
    """The control: it does not ask how far a client got, and plays all that is there."""

    def missed(self, user: UUID, view: View) -> list[bytearray] | None:
        member = self.room.members[user]
        return [entry.frame for entry in self.hall.lane.entries() if self.hall._may_hear(member, entry)]


class Careless(Comings):
    """Another control: it goes on live and plays nothing, and says that was all."""

    def missed(self, user: UUID, view: View) -> list[bytearray] | None:
        return []


@pytest.mark.parametrize("naive", [Forgetful, Careless])
def test_control_a_lane_without_offsets_is_found_out(naive: type[Comings]) -> None:
    script = [(ANN, "in"), (BOB, "in"), (BOB, "say"), (ANN, "cut"), (BOB, "say"), (ANN, "resume")]
    evening = Evening(floor := naive())
    evening.play(script)
    assert floor.views[ANN].said != evening.heard[ANN]


def test_words_of_somebody_blocked_or_muted_meanwhile_are_not_replayed() -> None:
    floor = Comings()
    ann = floor.come(ANN)
    for user in (BOB, CEM, DEE):
        floor.come(user)
    floor.cut(ANN)
    for user in (BOB, CEM, DEE):
        floor.hall.tell(
            floor.room.say(floor.room.members[user], uuid4(), f"I am {user.int}", now()), Surface.CHAT, user
        )
    floor.go(BOB)  # gone, and blocked all the same
    floor.hear(block(ANN, BOB))
    floor.hear(mute(ANN, CEM))
    assert floor.resume(ANN)
    assert ann.said == ["I am 4"]


def test_a_word_taken_back_is_not_replayed_and_whoever_had_it_is_told() -> None:
    floor = Comings()
    floor.come(ANN)
    bob = floor.come(BOB)
    floor.cut(ANN)
    said = floor.room.say(floor.room.members[BOB], uuid4(), "oops", now())
    floor.hall.tell(said, Surface.CHAT, BOB, chat=said.id)
    entry = floor.hall.lane.chat(said.id)
    assert entry
    floor.hall.redact(entry)
    assert floor.resume(ANN)
    assert (floor.views[ANN].said, bob.redacted) == ([], [said.id])
    assert floor.hall.lane.chat(said.id) is None
    floor.hand_over()
    assert not [entry for entry in floor.hall.lane.entries() if b"oops" in entry.json]


def test_an_offset_that_only_a_dead_owner_counted_is_nobodys() -> None:
    """It had told somebody more than it had written. Its successor counts on from elsewhere, so nobody is fooled."""
    floor = Comings()
    for user in (ANN, BOB):
        floor.come(user)
    floor.stream.write(floor.hall.lane)
    member = floor.room.members[BOB]
    floor.hall.tell(floor.room.say(member, uuid4(), "lost", now()), Surface.CHAT, BOB)
    floor.hand_over(unwritten=True)
    for _ in range(5):
        floor.hall.tell(floor.room.say(floor.room.members[BOB], uuid4(), "new", now()), Surface.CHAT, BOB)
    assert not floor.resume(ANN)


def test_who_falls_out_while_nobody_has_the_room_is_told_by_its_next_owner() -> None:
    """Their clients show what was there before: they are told, each alone, as if it had happened now."""
    floor = Comings()
    for user in (ANN, BOB, CEM):
        floor.come(user)
    floor.stream.write(floor.hall.lane)
    seats = floor.let_go()
    floor.hear(block(ANN, BOB))
    floor.take_over([seat for seat in seats if seat.user_id != CEM])  # who has left meanwhile
    for user, seen in ((ANN, {ANN}), (BOB, {BOB})):
        assert floor.resume(user)
        assert floor.views[user].roster.people.keys() == seen
    seats = floor.let_go()
    floor.hear(unblock(ANN, BOB))
    floor.stream.write(floor.hall.lane)
    floor.take_over(seats)
    for user in (ANN, BOB):
        assert floor.resume(user)
        assert floor.views[user].roster.people.keys() == {ANN, BOB}


def test_slots_are_whose_they_were_and_no_newcomer_gets_one_that_was_somebodys_a_moment_ago() -> None:
    floor = Comings()
    for user in (ANN, BOB, CEM):
        floor.come(user)
    slots = {user: member.slot for user, member in floor.room.members.items()}
    floor.go(CEM)
    floor.hand_over()
    assert {user: member.slot for user, member in floor.room.members.items()} == {ANN: slots[ANN], BOB: slots[BOB]}
    floor.come(DEE)
    assert floor.room.members[DEE].slot not in slots.values()


def test_a_command_that_was_answered_by_the_owner_before_is_answered_by_this_one() -> None:
    """Else somebody whose `ack` was lost with the node would say it twice."""
    floor = Comings()
    floor.come(ANN)
    for cid in range(40):
        said = floor.room.say(floor.room.members[ANN], uuid4(), "once", now())
        floor.hall.tell(said, Surface.CHAT, ANN, chat=said.id, cid=cid)
    floor.hand_over()
    assert floor.room.members[ANN].answered[39] == said.offset


def test_where_people_stood_goes_with_the_room() -> None:
    floor = Comings()
    floor.come(ANN)
    floor.walk(ANN, dx=40)
    floor.hall.mark()
    body = floor.room.members[ANN].body
    floor.hand_over()
    assert floor.room.members[ANN].body == body


def test_words_of_the_erased_are_gone_from_the_ring_and_those_of_the_banned_from_replays() -> None:
    floor = Comings()
    ann = floor.come(ANN)
    for user in (BOB, CEM):
        floor.come(user)
        member = floor.room.members[user]
        said = floor.room.say(member, uuid4(), f"canary {user.int}", now())
        floor.hall.tell(said, Surface.CHAT, user, chat=said.id)
        floor.go(user)
    floor.stream.write(floor.hall.lane)
    at_once(floor.bouncer.hear(told(imposed("ban", CEM), at=now())))
    floor.halls.retract(BOB, erase=True)
    assert len(ann.redacted) == 2
    assert [b"canary" in entry.json for entry in floor.hall.lane.entries() if entry.chat] == [True], "is evidence"
    assert len(floor.hall.lane.unwanted) >= 2, "both go from Redis"
    assert [b"canary" in frame for frame in floor.hall.missed(floor.room.members[ANN], floor.room.epoch, 0) or ()] == []


def test_words_of_those_erased_or_banned_while_a_room_comes_up_are_taken_back_all_the_same() -> None:
    """Their news found no room to take them back in."""
    floor = Comings()
    for user in FOUR:
        floor.come(user)
        said = floor.room.say(floor.room.members[user], uuid4(), f"canary {user.int}", now())
        floor.hall.tell(said, Surface.CHAT, user, chat=said.id)
    floor.stream.write(floor.hall.lane)

    def news() -> None:
        floor.halls.retract(BOB, erase=True)
        at_once(floor.bouncer.hear(told(imposed("ban", CEM), at=now())))
        floor.halls.retract(DEE, UUID(int=7))  # of another room

    floor.take_over(floor.let_go(), news)
    chats = [entry for entry in floor.hall.lane.entries() if entry.chat]
    assert [entry.about[0] for entry in chats] == [ANN, CEM, DEE], "nothing of the erased is left"
    assert [entry.redacted for entry in chats] == [False, True, False]
    assert floor.resume(ANN)
    assert len(floor.views[ANN].redacted) == 2
    assert len(floor.hall.lane.unwanted) >= 2, "both go from Redis"


def test_a_word_taken_back_before_it_was_written_never_is() -> None:
    floor = Comings()
    floor.come(ANN)
    said = floor.room.say(floor.room.members[ANN], uuid4(), "canary", now())
    floor.hall.tell(said, Surface.CHAT, ANN, chat=said.id)
    floor.halls.retract(ANN, erase=True)
    floor.stream.write(floor.hall.lane)
    assert "canary" not in str(floor.stream.rows)


def test_a_visit_hears_nothing_of_the_time_before_it() -> None:
    floor = Comings()
    for user in (ANN, BOB):
        floor.come(user)
    before = floor.views[ANN].roster.offset
    floor.go(ANN)
    floor.come(ANN)
    member = floor.room.members[ANN]
    assert floor.hall.missed(member, floor.room.epoch, before) is None
    assert floor.hall.missed(member, floor.room.epoch, member.admitted) == []


def test_offsets_are_stream_ids_and_the_other_way_round() -> None:
    assert stream_id(first_offset(7) + 5) == "7-5"
    assert offset_of(b"7-5") == first_offset(7) + 5
    assert first_offset(8) > first_offset(7) + 10**9


def test_what_is_too_old_or_too_much_is_forgotten_and_nobody_resumes_from_before() -> None:
    lane = Lane(kept=3, seconds=1.0)
    for offset in range(1, 7):
        lane.put(Entry(offset, 0, bytearray(20)))
    assert lane.since(2) is None
    assert [entry.offset for entry in lane.since(3) or ()] == [4, 5, 6]
    assert lane.since(7) is None
    lane.prune(2_000)
    assert not list(lane.entries())
    assert lane.since(6) == []


def test_a_checkpoint_after_a_gap_stands_for_itself() -> None:
    """Redis was away for longer than a lane is kept: nothing before it counts."""
    floor = Comings()
    floor.come(ANN)
    floor.stream.write(floor.hall.lane)
    floor.hall.begin()
    floor.stream.write(floor.hall.lane)
    roster, kept = folded(floor.stream.past(9).entries)
    assert roster
    assert list(roster.people) == [ANN]
    assert len(kept) == 1


@pytest.mark.parametrize(("given", "slots"), [(5, [0, 5]), (5, [-1]), (5, [3, 3]), (2**40, [0]), (70_000, [65_536])])
def test_a_roster_whose_slots_are_none_or_not_one_persons_is_refused(given: int, slots: list[int]) -> None:
    people = [Person(uuid4(), uuid4(), slot, 1, 1) for slot in slots]
    with pytest.raises(ValueError, match="no slots"):
        folded([Entry(1, 0, bytearray(), checkpoint=packed(Checkpoint("e", given, people)))])


def test_an_empty_roster_knows_nobody() -> None:
    assert not Roster(Checkpoint("e", 0, [])).people
    assert folded([]) == (None, [])
