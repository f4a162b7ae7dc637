"""Everything anybody might send gets the answer its OpenAPI document says."""

from pathlib import Path

from services.identity.commands import GrantRole
from tests.accounts import bearer, sign_in
from tests.fuzz import fuzz
from tests.identity.conftest import Open

ANN = "ann@example.com"
ENDS_THE_SESSION = ("log_out", "end_all_sessions")


async def test_no_request_gets_an_answer_that_is_not_documented(open_door: Open, tmp_path: Path) -> None:
    door = await open_door(limit_codes_per_address="100000/1")
    url = str(door.http.base_url)
    await sign_in(door.http, door.mail, ANN)
    await door.identity.execute(GrantRole(await door.identity.user_of(ANN), "operator"))
    tokens = await sign_in(door.http, door.mail, ANN)
    await fuzz(url, tmp_path, headers=bearer(tokens), without=ENDS_THE_SESSION, also={"sign_in": [423]})
    for operation in ENDS_THE_SESSION:
        tokens = await sign_in(door.http, door.mail, ANN)
        await fuzz(url, tmp_path, headers=bearer(tokens), only=[operation])
