"""What can be wrong before a bar opens is recognised, explained, and harms nothing."""

import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.native import ports
from deploy.native.errors import BarError, HalfMade, PackagesMissing, PortInUse
from deploy.native.folder import Folder
from deploy.native.install import install
from deploy.native.kafka import Kafka
from deploy.native.native import Native, Options
from deploy.native.opening import close_bar, open_bar
from deploy.native.postgres import Postgres
from deploy.native.state import Member, Pid, State
from tests.stack import session_folder


@pytest.fixture
def place() -> Iterator[Folder]:
    with session_folder() as folder:
        yield folder


def opening(place: Folder, said: list[str]) -> None:
    open_bar(place.root, Options(), base=None, say=said.append, show=lambda _: None)


def test_a_port_in_use_is_named_with_its_owner_and_the_way_out(place: Folder) -> None:
    port = Native(place, Options()).ports["kafka"]
    with socket.create_server((ports.HOST, port)), pytest.raises(PortInUse) as refusal:
        opening(place, [])
    assert f"port {port}, which kafka of this bar uses, is taken by" in refusal.value.problem
    assert f"pid {os.getpid()}" in refusal.value.problem
    assert "VIRTUBAR_PORT_BASE" in refusal.value.next_step


def test_a_base_whose_ports_are_taken_is_not_remembered(place: Folder) -> None:
    with socket.create_server((ports.HOST, 0)) as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(PortInUse):
            open_bar(place.root, Options(), base=taken, say=lambda _: None, show=lambda _: None)
    assert place.read("ports.json") is None


def test_a_stale_supervisor_whose_pid_was_reused_is_left_alone(place: Folder) -> None:
    stranger = Pid(os.getpid(), 1)
    leftover = Member("rooms", ["api"], "ready", stranger)
    State(stranger, "ready", [leftover]).save(place)
    said: list[str] = []
    port = Native(place, Options()).ports["redis"]
    with socket.create_server((ports.HOST, port)), pytest.raises(PortInUse):  # as far as it gets in this test
        opening(place, said)
    assert any(f"its pid {os.getpid()} now belongs to" in line for line in said)


def test_closing_what_was_never_open_says_so(place: Folder) -> None:
    said: list[str] = []
    close_bar(place.root, say=said.append, show=lambda _: None)
    assert said == [f"there is no bar in {place.root}"]


def test_a_folder_of_somebody_else_is_not_touched(place: Folder) -> None:
    (place / "virtubar.json").unlink()
    (place / "thesis.txt").write_text("my only copy")
    with pytest.raises(HalfMade, match="is not empty and is no data folder"):
        opening(place, [])
    assert [path.name for path in place.root.iterdir()] == ["thesis.txt"]


def test_a_cluster_that_is_not_whole_is_explained(place: Folder) -> None:
    part = Postgres(place, 1, ["rooms"])
    part.data.mkdir(parents=True)
    with pytest.raises(HalfMade) as refusal:
        part.prepare()
    assert "holds no complete PostgreSQL cluster" in refusal.value.problem
    assert f"rm -rf {place.root}" in refusal.value.next_step


def test_what_an_interrupted_initdb_left_is_made_anew(place: Folder) -> None:
    part = Postgres(place, 1, ["rooms"])
    draft = part.data.with_name("data.making")
    draft.mkdir(parents=True)
    (draft / "half").write_text("")
    part.prepare()
    assert (part.data / "PG_VERSION").exists()
    assert not draft.exists()
    part.prepare()  # and once made, it stays


def test_a_cluster_of_another_version_and_lost_passwords_are_explained(place: Folder) -> None:
    part = Postgres(place, 1, ["rooms"])
    part.prepare()
    (part.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(BarError, match="was made by PostgreSQL 9"):
        part.prepare()
    (place / "secrets.json").unlink()
    with pytest.raises(HalfMade, match="the passwords"):
        part.prepare()


def test_kafka_data_that_disappeared_is_explained_and_not_made_anew(place: Folder) -> None:
    part = Kafka(place, 1, 2)
    part.prepare()
    (part.data / "meta.properties").unlink()
    with pytest.raises(HalfMade, match="is no longer Kafka's data"):
        part.prepare()


def test_ports_are_remembered_and_a_base_moves_them_all(place: Folder) -> None:
    first = place.ports(["a", "b"])
    assert place.ports(["b", "c"])["b"] == first["b"]
    assert place.ports(["a", "b"], base=23000) == {"a": 23000, "b": 23001}
    assert place.ports(["a", "b", "c"], base=23000) == {"a": 23000, "b": 23001, "c": 23002}
    assert place.ports(["a"]) == {"a": 23000}
    with pytest.raises(BarError, match="leaves no room"):
        place.ports(["a"], base=65535)


def test_parts_that_ask_for_passwords_at_the_same_time_all_keep_theirs(place: Folder) -> None:
    with ThreadPoolExecutor(16) as threads:
        words = list(threads.map(lambda n: place.password(f"part {n % 40}"), range(400)))
    assert words == [place.password(f"part {n % 40}") for n in range(400)]


def test_what_is_secret_is_readable_by_its_owner_alone(place: Folder) -> None:
    word = place.password("postgres/rooms")
    assert place.password("postgres/rooms") == word
    assert (place / "secrets.json").stat().st_mode & 0o077 == 0
    assert json.loads((place / "secrets.json").read_text()) == {"postgres/rooms": word}


def test_missing_packages_are_named_when_we_may_not_install_them() -> None:
    needed = {"postgresql": lambda: False, "redis-server": lambda: True, "maven": lambda: False}
    with pytest.raises(PackagesMissing) as refusal:
        install(lambda _: None, needed, become=lambda: None)
    assert refusal.value.problem == "these packages are missing: postgresql, maven"
    assert refusal.value.next_step == "sudo apt-get install postgresql maven"


def test_nothing_is_installed_when_nothing_is_missing() -> None:
    said: list[str] = []
    install(said.append, {"maven": lambda: True}, become=lambda: pytest.fail("asked to become root"))
    assert said == []
