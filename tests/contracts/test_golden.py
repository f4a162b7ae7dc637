"""What was ever told stays readable, and what is generated from the contracts is what is committed."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from libs.contracts import schema
from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event
from libs.contracts.golden import EXAMPLES, ROOT, IncompatibleError, example_path, generated, judge, write

GOLDEN = sorted((ROOT / EXAMPLES).glob("*.json"))


def name_and_version(path: Path) -> tuple[str, int]:
    name, _, version = path.stem.rpartition(".v")
    return name, int(version)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_event_of_any_version_reads_as_the_current_one(path: Path) -> None:
    name, version = name_and_version(path)
    read = EVENTS[name].read(json.loads(path.read_text()), version)
    again = EVENTS[name].read(read.model_dump(mode="json"), EVENTS[name].VERSION)
    assert again == read
    assert read.subject


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_every_version_of_every_event_has_its_example(event: type[Event]) -> None:
    kept = {version for name, version in map(name_and_version, GOLDEN) if name == event.NAME}
    assert kept == set(range(1, event.VERSION + 1))
    assert set(event.UPCASTERS) == set(range(1, event.VERSION))


@pytest.mark.parametrize(("path", "text"), generated().items(), ids=lambda it: str(it) if isinstance(it, Path) else "")
def test_what_is_generated_is_what_is_committed(path: Path, text: str) -> None:
    assert (ROOT / path).read_text() == text, "run `make golden` and read the diff"


def test_no_generated_file_is_left_of_an_event_that_is_gone() -> None:
    committed = {path.relative_to(ROOT) for path in (ROOT / "libs/contracts/schemas").glob("*.json")}
    current = {path for path in generated() if path.parent.name == "schemas"}
    superseded = {path for path in committed - current if name_and_version(path)[0] in EVENTS}
    assert committed == current | superseded


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_every_event_is_compatible_with_all_its_committed_schemas(event: type[Event]) -> None:
    assert list(judge(ROOT, event)) == []


def test_a_reader_ignores_what_it_does_not_know_however_deep() -> None:
    profile = EVENTS["profile_update"]
    data = json.loads((ROOT / example_path(profile)).read_text())
    richer = {**data, "mood": "fine", "avatar_config": {**data["avatar_config"], "tail": "fox"}}
    assert profile.read(richer, 1) == profile.read(data, 1)
    with pytest.raises(ValidationError, match="tail"):
        profile.model_validate({**data, "avatar_config": {"tail": "fox"}})


def plant(root: Path, event: type[Event], field: str, replacement: object) -> None:
    """A committed schema that had `field` as `replacement` says."""
    path = root / f"libs/contracts/schemas/{event.NAME}.v{event.VERSION}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    planted = schema.stored(event)
    planted["properties"][field] = replacement
    path.write_text(json.dumps(planted))


def test_writing_refuses_what_old_readers_could_not_follow(tmp_path: Path) -> None:
    room_join = EVENTS["room_join"]
    plant(tmp_path, room_join, "mood", {"type": "string"})
    with pytest.raises(IncompatibleError, match=r"room_join.*mood: removed"):
        write(tmp_path)
    assert not (tmp_path / "docs").exists(), "nothing is written"


def test_a_superseded_schema_is_kept_and_still_counts(tmp_path: Path) -> None:
    room_join = EVENTS["room_join"]
    write(tmp_path)
    path = tmp_path / "libs/contracts/schemas/room_join.v1.json"
    older = schema.stored(room_join)
    del older["properties"]["region"]
    older["required"].remove("region")
    older["properties"]["theme"]["enum"].remove("sports")
    path.write_text(json.dumps(older))
    assert list(judge(tmp_path, room_join)) == ["room_join.v1.json.region: newly required"]
    older["properties"]["region"] = schema.stored(room_join)["properties"]["region"]
    older["required"].append("region")
    path.write_text(json.dumps(older))
    write(tmp_path)
    kept = tmp_path / "libs/contracts/schemas/past/room_join.v1.000.json"
    assert json.loads(kept.read_text()) == older
    write(tmp_path)
    assert list(kept.parent.iterdir()) == [kept], "writing again changes nothing"
    older["properties"]["theme"]["enum"].append("karaoke")
    kept.write_text(json.dumps(older))
    assert list(judge(tmp_path, room_join)) == ["room_join.v1.000.json.theme: member 'karaoke' is gone"]


def test_an_example_once_written_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path)
    example = tmp_path / example_path(EVENTS["room_join"])
    example.write_text("{}")
    write(tmp_path)
    assert example.read_text() == "{}"
