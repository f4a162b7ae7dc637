"""Everything anybody might send gets the answer its OpenAPI document says."""

from pathlib import Path

from tests.api import issuing
from tests.fuzz import fuzz
from tests.moderation.api import here
from tests.moderation.house import House
from tests.moderation.people import LOUNGE, MAX, NINE

FITS_NOT = 422  # members that do not go together; a key that was used before
NO_PICTURE, TOO_LARGE = 415, 413
ALSO = {
    "file_report": [FITS_NOT],
    "impose_sanction": [FITS_NOT],
    "resolve_report": [FITS_NOT],
    "hand_in_evidence": [NO_PICTURE, TOO_LARGE],
}


async def test_no_request_gets_an_answer_that_is_not_documented(house: House, tmp_path: Path) -> None:
    await house.report(room_id=LOUNGE)
    async with issuing() as issuer, here(house.urls, issuer, lambda: NINE) as http:
        headers = issuer.headers(MAX, roles=["moderator"])
        await fuzz(str(http.base_url), tmp_path, headers=headers, also=ALSO, examples=12)
