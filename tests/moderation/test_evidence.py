"""Pictures as evidence: looked at, written anew, sealed, shown to moderators alone, deleted where nobody needs them."""

import io
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.moderation.deciders.refusals import NotFound
from tests.api import issuing
from tests.moderation.api import Api, here, problem
from tests.moderation.house import House, house_at
from tests.moderation.people import ANN, BOB, CAT, MAX, NINE, after

CANARY = b"a canary in a coal mine"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **options)
    return written.getvalue()


def talkative() -> bytes:
    """With words in its metadata and behind its end."""
    words = PngInfo()
    words.add_text("Comment", CANARY.decode())
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    return picture(pnginfo=words, exif=exif) + CANARY


def polyglot() -> bytes:
    return b"GIF89a/*" + b"\0" * 64 + b"*/=1;<script>alert(1)</script>"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
async def api(house: House, shelf: Path) -> AsyncIterator[Api]:
    settings = {"evidence_url": f"file://{shelf}", "limit_evidence": 3}
    async with issuing() as issuer, here(house.urls, issuer, lambda: house.now, **settings) as http:
        yield Api(http, issuer, house)


def objects(shelf: Path) -> list[Path]:
    return [each for each in shelf.rglob("*") if each.is_file()]


async def test_a_picture_belongs_to_a_report_and_moderators_alone_see_it(api: Api, shelf: Path) -> None:
    handed_in = await api.hand_in(ANN, talkative())
    assert handed_in.status_code == 201
    body = {"reported_user_id": str(BOB), "report_type": "hate", "evidence_id": handed_in.json()["evidence_id"]}
    report = (await api(ANN, "POST", "/reports", body)).json()["id"]
    case = (await api(MAX, "GET", f"/moderation/reports/{report}")).json()
    assert case["evidence"]["evidence_id"] == body["evidence_id"]
    shown = await api(MAX, "GET", case["evidence"]["url"].removeprefix("/v1"))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert shown.headers["cache-control"] == "no-store"
    with Image.open(io.BytesIO(shown.content)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (40, 30), {})
    assert CANARY not in shown.content
    views = "select by_user_id from audit where action = 'evidence_view'"
    assert await api.house.pool.fetchval(views) == MAX
    link = await api.house.pool.fetchval("select evidence_url from reports")
    [stored] = objects(shelf)
    assert link
    assert stored.name not in link, "sealed"
    again = await api(ANN, "POST", "/reports", body | {"reported_user_id": str(CAT)})
    assert problem(again) == (404, "not_found")


async def test_what_is_stored_is_named_by_its_digest_and_says_nothing(api: Api, shelf: Path) -> None:
    await api.hand_in(ANN, picture("JPEG"), "image/jpeg")
    [stored] = objects(shelf)
    sealed = stored.read_bytes()
    assert stored.name == sha256(sealed).hexdigest()
    assert b"WEBP" not in sealed


async def test_what_is_no_picture_is_refused_whatever_its_sender_calls_it(api: Api, shelf: Path) -> None:
    for raw in (b"", b"plain words", polyglot(), picture()[:60], b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        assert problem(await api.hand_in(ANN, raw)) == (415, "unsupported_media_type")
    assert objects(shelf) == []


async def test_a_picture_that_is_too_large_or_unfolds_to_too_much_is_refused(api: Api) -> None:
    assert problem(await api.hand_in(ANN, picture() + b"\0" * (5 * 1024 * 1024))) == (413, "too_large")
    bomb = picture(size=(8000, 8000))
    assert len(bomb) < 500_000
    assert problem(await api.hand_in(ANN, bomb)) == (413, "too_large")


async def test_one_person_has_so_many_pictures_waiting(api: Api) -> None:
    for _ in range(3):
        assert (await api.hand_in(ANN, picture())).status_code == 201
    answer = await api.hand_in(ANN, picture())
    assert problem(answer) == (429, "rate_limited")
    assert (await api.hand_in(BOB, picture())).status_code == 201


async def test_nobody_uses_anothers_picture(api: Api) -> None:
    evidence = (await api.hand_in(ANN, picture())).json()["evidence_id"]
    body = {"reported_user_id": str(BOB), "report_type": "hate", "evidence_id": evidence}
    assert problem(await api(CAT, "POST", "/reports", body)) == (404, "not_found")


async def test_pictures_nobody_came_back_for_are_deleted_and_those_of_a_case_are_not(house: House, shelf: Path) -> None:
    async with house_at(house.urls, evidence_url=f"file://{shelf}") as own:
        evidence = own.moderation.evidence
        kept, forsaken = await evidence.hand_in(ANN, picture(), NINE), await evidence.hand_in(ANN, picture(), NINE)
        report = await own.report(evidence_id=kept)
        own.now = after(24 * 3600 - 1)
        await own.timer().look()
        assert len(objects(shelf)) == 2
        own.now = after(24 * 3600 + 1)
        await own.timer().look()
        assert len(objects(shelf)) == 1
        assert (await evidence.view(report, MAX, NINE)).media_type == "image/webp"
        assert await own.keys.find(forsaken) is None
        with pytest.raises(NotFound):
            await own.report(reported=CAT, evidence_id=forsaken)


@pytest.mark.parametrize("who", [ANN, BOB], ids=["who handed it in", "whom it shows"])
async def test_who_is_forgotten_takes_no_picture_of_a_case_along(house: House, shelf: Path, who: UUID) -> None:
    async with house_at(house.urls, evidence_url=f"file://{shelf}") as own:
        evidence = own.moderation.evidence
        of_a_case = await evidence.hand_in(ANN, picture(), NINE)
        report = await own.report(evidence_id=of_a_case)
        waiting = {user: await evidence.hand_in(user, picture(), NINE) for user in (ANN, BOB)}
        await own.forgets(who)
        assert (await evidence.view(report, MAX, NINE)).data
        left = await own.pool.fetch("select evidence_id from evidence where report_id is null")
        assert [row["evidence_id"] for row in left] == [waiting[ANN if who == BOB else BOB]]
        assert len(objects(shelf)) == 2


async def test_a_picture_that_was_tampered_with_is_not_shown(house: House, shelf: Path) -> None:
    async with house_at(house.urls, evidence_url=f"file://{shelf}") as own:
        report = await own.report(evidence_id=await own.moderation.evidence.hand_in(ANN, picture(), NINE))
        [stored] = objects(shelf)
        stored.write_bytes(stored.read_bytes()[:-1] + b"\0")
        with pytest.raises(NotFound):
            await own.moderation.evidence.view(report, MAX, NINE)
        with pytest.raises(NotFound):
            await own.moderation.evidence.view(uuid4(), MAX, NINE)
