"""Everything anybody might send gets the answer its OpenAPI document says."""

from pathlib import Path
from typing import get_args

from libs.contracts.vocabulary import Region
from services.rooms.seed import seed
from tests.fuzz import fuzz
from tests.rooms.api import here, issuing
from tests.rooms.house import House
from tests.rooms.people import ANN, NINE

GONE, OTHER_BODY = 410, 422  # a closed room or an ended visit; a key that was used before
ALSO = {
    "create_room": [GONE, OTHER_BODY],
    "join_room": [GONE, OTHER_BODY],
    "new_ticket": [GONE],
    "get_room": [GONE],
    "change_room": [GONE, OTHER_BODY],
    "list_members": [GONE],
    "invite": [GONE, OTHER_BODY],
    "join_by_invite": [GONE, OTHER_BODY],
    "find_room": [GONE, OTHER_BODY],
    "presence": [422],  # ids are a text of many
    "voice_webhook": [503],  # from no media server, where there is none
    **dict.fromkeys(("kick", "mute_in_room", "unmute_in_room", "lock_room", "unlock_room"), (GONE,)),
}


async def test_no_request_gets_an_answer_that_is_not_documented(house: House, tmp_path: Path) -> None:
    for region in get_args(Region):
        await house.node(f"node-{region}", region)
    await seed(house.rooms.hosting, house.settings, NINE)
    async with issuing() as issuer, here(house.urls, issuer, node_lease_seconds=600) as http:
        await fuzz(str(http.base_url), tmp_path, headers=issuer.headers(ANN), also=ALSO, examples=20)
