"""Everything anybody might send gets the answer its OpenAPI document says."""

from pathlib import Path

from tests.api import issuing
from tests.fuzz import fuzz
from tests.social.house import ANN, House, here

UNFIT = 422  # a text with something in it that no schema can name, ids that are none
ALSO = {"change_my_profile": [UNFIT], "list_profiles": [UNFIT]}

ALSO = {
    "change_my_profile": [422],  # a name may be made of allowed letters and yet be no name
    "list_profiles": [422],  # ids are a text of many
}


async def test_no_request_gets_an_answer_that_is_not_documented(house: House, tmp_path: Path) -> None:
    await house.person("Ann", ANN)
    for name in ("Dana", "Daniel", "Eve"):
        await house.person(name, interests=("tea",))
    async with issuing() as issuer, here(house.urls, issuer) as http:
        await fuzz(str(http.base_url), tmp_path, headers=issuer.headers(ANN), also=ALSO, examples=20)
