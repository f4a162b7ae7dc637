"""Everything anybody might send gets the answer its OpenAPI document says."""

from pathlib import Path

from services.inventory.__main__ import compose
from services.inventory.seed import seed
from services.inventory.settings import InventorySettings
from tests.api import answering, issuing, told
from tests.fuzz import fuzz
from tests.inventory.house import ANN, NINE, House

POOR, RETIRED, OTHER_BODY = 402, 410, 422  # and a key that was used before
ALSO = {
    "add_item": [OTHER_BODY],
    "buy_item": [POOR, RETIRED, OTHER_BODY],
    "give_item": [POOR, RETIRED, OTHER_BODY],
    "credit_wallet": [OTHER_BODY],
}


async def test_no_request_gets_an_answer_that_is_not_documented(house: House, tmp_path: Path) -> None:
    await seed(house.inventory.catalogue, NINE)
    async with (
        issuing() as issuer,
        compose(InventorySettings(**told(house.urls, issuer)), ["api"]) as parts,
        answering(parts) as http,
    ):
        headers = issuer.headers(ANN, roles=["operator"])
        await fuzz(str(http.base_url), tmp_path, headers=headers, also=ALSO, examples=10)
