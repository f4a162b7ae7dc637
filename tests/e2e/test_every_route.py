"""Everything anybody might send through the gateway gets the answer its merged OpenAPI document says.

Each service asks its own API far more (`test_fuzz.py`); here it is what gateway and services say together.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Night
from tests.faults.load import LONG
from tests.fuzz import fuzz
from tests.inventory.test_fuzz import ALSO as INVENTORY
from tests.moderation.test_fuzz import ALSO as MODERATION
from tests.rooms.test_fuzz import ALSO as ROOMS
from tests.social.test_fuzz import ALSO as SOCIAL

EVERYBODY = "fuzz@example.com"
NO_NODE = 503  # in that region
ALSO: Mapping[str, Sequence[int]] = {
    **SOCIAL,
    **MODERATION,
    **INVENTORY,
    **ROOMS,
    **{
        entering: [*ROOMS[entering], NO_NODE] for entering in ("join_room", "new_ticket", "join_by_invite", "find_room")
    },
    "sign_in": [423],
}
# What ends the session that asks, or the account.
LAST = ("log_out", "end_session", "end_all_sessions", "erase", "revoke_role")
# The gateway's parser knows no such method and says 400. That known methods are told apart is asked by test_table.py
# of the table, and by every service's own test.
NOT_OURS = ("unsupported_method",)
PHASES = "examples,coverage,fuzzing" if LONG else "examples,fuzzing"
EXAMPLES = 25 if LONG else 4
HANGS = 1200 if LONG else 200  # seconds


async def test_no_request_gets_an_answer_that_is_not_documented(night: Night, tmp_path: Path) -> None:
    async with night.guest(EVERYBODY):
        pass  # there is such a person now, who may be given roles
    for role in ("moderator", "operator"):
        granted = night.bar.virtubar("role", "grant", EVERYBODY, role)
        assert granted.returncode == 0, granted.stderr
    async with night.guest(EVERYBODY) as guest:
        headers = {"authorization": f"Bearer {await guest.account.token()}"}
        url = f"{night.gateway}/v1"
        rest: dict[str, Any] = {"examples": EXAMPLES, "phases": PHASES, "unchecked": NOT_OURS, "seconds": HANGS}
        await fuzz(url, tmp_path, headers=headers, without=LAST, also=ALSO, **rest)
        assert (await guest.account.request("GET", "/v1/me")).status_code == 200  # the session held to the end
        await fuzz(url, tmp_path, headers=headers, only=LAST, **rest)
