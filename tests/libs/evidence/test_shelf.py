"""What lies on the shelf is written once and never changed: in a folder, and in a bucket of another maker's S3."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from libs.evidence.shelf import Shelf, ShelfUnavailable
from tests.libs.evidence.buckets import bucket

ONE, OTHER = "1f" * 32, "2f" * 32


@pytest.fixture(params=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    if request.param == "folder":
        yield Shelf(f"file://{tmp_path}/evidence")
        return
    with bucket() as (url, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield Shelf(url)


async def test_what_was_put_first_stays(shelf: Shelf) -> None:
    report = uuid4()
    assert await shelf.get(report, ONE) is None
    assert await shelf.put(report, ONE, b"first")
    assert not await shelf.put(report, ONE, b"second")
    assert await shelf.get(report, ONE) == b"first"


async def test_a_case_is_cleared_whole_and_alone(shelf: Shelf) -> None:
    report, other = uuid4(), uuid4()
    for each, sha256 in ((report, ONE), (report, OTHER), (other, ONE)):
        assert await shelf.put(each, sha256, b"sealed")
    for _ in range(2):
        await shelf.clear(report)
    assert [await shelf.get(report, sha256) for sha256 in (ONE, OTHER)] == [None, None]
    assert await shelf.get(other, ONE) == b"sealed"
    assert await shelf.put(report, ONE, b"again")


async def test_a_bucket_that_cannot_be_reached_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with bucket() as (url, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        shelf = Shelf(url)
    with pytest.raises(ShelfUnavailable):
        await shelf.put(uuid4(), ONE, b"sealed")
    with pytest.raises(ShelfUnavailable):
        await shelf.get(uuid4(), ONE)


async def test_a_shelf_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    shelf = Shelf(f"file://{tmp_path}/evidence")
    (tmp_path / "evidence" / "sealed").write_text("no folder")
    with pytest.raises(ShelfUnavailable):
        await shelf.put(uuid4(), ONE, b"sealed")
