"""`virtubar sql`: rows for people, for programs and for spreadsheets, and an answer to every mistake."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deploy.native.folder import CHECKOUT
from services.analytics.facts import fact_of
from services.analytics.lake import Lake
from services.analytics.rows import row_of
from services.analytics.sift import Slice
from tests.analytics.records import happened, record_of, told


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three joins, two of them into the lounge, and a room."""
    url = str(tmp_path_factory.mktemp("data") / "lake")
    themes = ["lounge", "dance", "lounge"]
    events = [happened("room_join", theme=theme) for theme in themes]
    facts = [fact_of(record_of(told(event, position=n + 1), offset=n)) for n, event in enumerate(events)]
    joins = [row_of(fact, {user: str(uuid4()) for user in fact.users}) for fact in facts]
    Lake.open(url).append([Slice("room_join", 0, joins, 3)])
    return url


def virtubar(lake: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "VIRTUBAR_LAKE_URL": lake}
    command = [sys.executable, "-m", "cli", "sql", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)


QUERY = "select theme, count(*) as guests, sum(stream_version) as total from room_join group by theme order by theme"


def test_as_json_it_is_one_document_of_rows(lake: str) -> None:
    done = virtubar(lake, QUERY, "--json")
    rows = [{"theme": "dance", "guests": 1, "total": 1}, {"theme": "lounge", "guests": 2, "total": 2}]
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, rows, "")


def test_ids_times_and_data_are_what_a_program_expects(lake: str) -> None:
    done = virtubar(lake, "select event_id, occurred_at, data, subject from events limit 1", "--json")
    (row,) = json.loads(done.stdout)
    assert row["occurred_at"] == "2026-02-07T21:30:00+00:00"
    assert row["data"]["user_id"] == row["subject"]


def test_as_csv_it_has_a_header(lake: str) -> None:
    done = virtubar(lake, QUERY, "--csv")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["theme", "guests", "total"],
        ["dance", "1", "1"],
        ["lounge", "2", "2"],
    ]


def test_in_a_pipe_nothing_is_cut_off(lake: str) -> None:
    done = virtubar(lake, "select *, 'yes' as \"[/wide]\" from events limit 1")
    header, row = done.stdout.splitlines()
    assert header.split()[-1] == "[/wide]"
    assert str(UUID(row.split()[0])) == row.split()[0]
    assert row.split()[-1] == "yes"


def test_without_a_question_it_lists_the_events(lake: str) -> None:
    done = virtubar(lake)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split()[:2] == ["room_join", "3"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("selec 1", "syntax error"),
        ("select * from room_joi", "room_join"),
        ("delete from events", "read-only"),
    ],
)
def test_a_mistake_is_answered_with_the_next_step(lake: str, query: str, said: str) -> None:
    done = virtubar(lake, query)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Next: virtubar sql" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_there_is_no_lake_it_says_so(tmp_path: Path) -> None:
    done = virtubar(str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "no lake" in done.stderr
