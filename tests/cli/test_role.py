"""`virtubar role`: given and taken by address, by the same door as everything else."""

from pathlib import Path
from uuid import uuid4

import pytest

from cli.role import decide
from deploy.native.errors import BarError
from services.identity.__main__ import opened
from services.identity.commands import GrantRole, RevokeRole, SignIn
from tests.accounts import Mailbox
from tests.conftest import Database
from tests.identity.conftest import told

NOWHERE = Mailbox(Path("/dev/null"), 1)
ANN = "ann@example.com"


async def test_a_role_is_given_and_taken_by_address(database: Database) -> None:
    settings, ann = told(await database("identity"), NOWHERE), uuid4()
    async with opened(settings) as inside:
        await inside.identity.execute(SignIn(ann, uuid4(), "email", ANN, ANN, "web"))
        await decide(settings, "Ann@Example.com", lambda user: GrantRole(user, "moderator"))
        assert (await inside.identity.account(ann))["roles"] == ["moderator"]
        await decide(settings, ANN, lambda user: RevokeRole(user, "moderator"))
        assert (await inside.identity.account(ann))["roles"] == []


@pytest.mark.parametrize("email", ["bob@example.com", "nobody"])
async def test_nobody_gets_no_role_and_is_told_what_to_do(database: Database, email: str) -> None:
    with pytest.raises(BarError) as refusal:
        await decide(told(await database("identity"), NOWHERE), email, lambda user: GrantRole(user, "analyst"))
    assert "sign in" in refusal.value.next_step
