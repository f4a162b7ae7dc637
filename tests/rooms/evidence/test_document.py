"""The sealed document: the same facts, the same bytes; two minutes and no more; ids and what was said, and no names."""

import json
from pathlib import Path
from typing import Any

from libs.evidence.canonical import canonical, digest
from services.rooms.evidence.document import Kept, written
from services.rooms.evidence.positions import Positions, Sample
from tests.rooms.evidence.scene import ANN, BOB, CAT, NINE, kept, positions, wanted

GOLDEN = Path(__file__).with_name("document.json")


def read(kept: Kept, **about: Any) -> dict[str, Any]:
    document = written(wanted(**about), kept, 120.0)
    assert document
    read: dict[str, Any] = json.loads(document.data)
    return read


def test_the_same_facts_come_to_the_same_bytes_as_ever() -> None:
    document = written(wanted(), kept(), 120.0)
    assert document
    assert document.data == GOLDEN.read_bytes(), "a change of the format takes another name for it"
    assert document.sha256 == digest(GOLDEN.read_bytes())
    assert canonical(json.loads(document.data)) == document.data


def test_it_says_what_was_said_and_done_in_two_minutes_and_nothing_else() -> None:
    document = read(kept())
    assert [fact["told"]["t"] for fact in document["facts"]] == ["join", "chat", "emote", "gift", "mute", "leave"]
    assert document["facts"][1]["told"]["text"].startswith("nobody likes you")
    assert (document["from"], document["to"], document["complete"]) == (NINE - 120_000, NINE, True)
    assert set(document["people"]) == {str(user) for user in (ANN, BOB, CAT)}
    assert document.keys() == {
        "format", "report_id", "room_id", "reported_user_id", "from", "to", "asked_from", "complete", "people",
        "facts", "positions",
    }  # fmt: skip


def test_it_says_where_everybody_stood_every_second() -> None:
    document = read(kept())
    people = [document["people"].index(str(user)) for user in (ANN, BOB, CAT)]
    ann, bob, cat = people
    here: dict[int, list[int]] = {}
    track, away = {}, []
    for sample in document["positions"]:
        here = ({} if sample["whole"] else here) | {row[0]: row[1:] for row in sample["people"]}
        second = (sample["at"] - NINE) // 1000
        if bob in here and -90 <= second < -20:
            track[second] = here[bob][0]
        away += [second] if here[cat][-1] else []
    assert document["positions"][0]["at"] == NINE - 120_000
    assert document["positions"][0]["whole"]
    assert track == {second: 1000 + second for second in range(-90, -20)}
    assert here[ann] == [100, 0, 200, 64, 3, 0]
    assert (min(away), max(away)) == (-70, -66)


def test_it_is_honest_where_less_is_known() -> None:
    document = read(kept(since=-45))
    assert (document["from"], document["asked_from"]) == (NINE - 45_000, NINE - 120_000)
    assert not document["complete"]
    assert [fact["told"]["t"] for fact in document["facts"]] == ["gift", "mute", "leave"]


def test_nothing_is_written_of_somebody_who_was_not_seen() -> None:
    assert written(wanted(reported=CAT), kept(), 120.0)
    stranger = wanted(reported=type(ANN)(int=99))
    assert written(stranger, kept(), 120.0) is None
    assert written(wanted(), Kept(NINE - 600_000, [], []), 120.0) is None


def test_whoever_only_stood_there_was_seen() -> None:
    document = read(Kept(NINE - 600_000, [], positions().since(NINE - 120_000)), reported=ANN)
    assert document["facts"] == []


def test_samples_of_two_owners_are_one_walk() -> None:
    """What Redis has of the owner before, and what its successor saw itself."""
    whole = list(positions())
    before = [each for each in whole if each.at < NINE - 50_000]
    successor = Positions()
    for second in range(-50, 6):
        people = [(ANN, b"\x64\0\0\0\xc8\0\x40\3\5\xfb", False)]
        successor.take(NINE + second * 1000, people)
    document = read(Kept(NINE - 600_000, [], [*before, *successor]), reported=BOB)
    bob = document["people"].index(str(BOB))
    walked = [sample for sample in document["positions"] if bob in [row[0] for row in sample["people"]]]
    assert (walked[0]["at"] - NINE, walked[-1]["at"] - NINE) == (-90_000, -51_000)


def test_a_sample_reads_as_it_was_written() -> None:
    sample = next(iter(positions()))
    assert [who for who, _ in sample.people()] == [ANN.bytes, CAT.bytes]
    assert sample.without(BOB) is sample
    assert [who for who, _ in sample.without(ANN).people()] == [CAT.bytes]
    assert isinstance(sample, Sample)
