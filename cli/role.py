"""`virtubar role`: who may moderate, analyse and operate."""

import asyncio
import os
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import typer

from cli.running import running_bar, say
from deploy.native.errors import BarError
from deploy.native.native import Native
from libs.contracts.vocabulary import Role
from services.identity.commands import Command, GrantRole, RevokeRole
from services.identity.decider import NotFound
from services.identity.settings import Settings

PREFIX = "VIRTUBAR_"

app = typer.Typer(no_args_is_help=True, help="Who may moderate, analyse and operate.")
Email = Annotated[str, typer.Argument(help="Of somebody who has signed in before.")]
Which = Annotated[Role, typer.Argument(help="The role.")]


@app.command()
def grant(email: Email, role: Which) -> None:
    """Give a role. It holds with the next access token, at most five minutes from now."""
    asyncio.run(decide(settings(), email, lambda user: GrantRole(user, role)))
    say(f"{email} may now what {role}s may")


@app.command()
def revoke(email: Email, role: Which) -> None:
    """Take a role away. Who had it is signed out, because tokens that are out still say it."""
    asyncio.run(decide(settings(), email, lambda user: RevokeRole(user, role)))
    say(f"{email} may no longer what {role}s may")


def settings() -> Settings:
    """Identity's own: from the environment where that names a database, else those of the open bar."""
    if os.environ.get(f"{PREFIX}DATABASE_URL"):
        return Settings()
    native, _ = running_bar()
    return told_by(native)


def told_by(native: Native) -> Settings:
    """What identity is told in this bar."""
    process = next(each for each in native.bar.processes if each.service.name == "identity")
    told = native.bar.environment(process)
    return Settings.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in told.items()})


async def decide(told: Settings, email: str, command: Callable[[UUID], Command]) -> None:
    """Through identity's own door, on the spot; a running relay publishes it."""
    from services.identity.__main__ import opened

    async with opened(told) as inside:
        try:
            await inside.identity.execute(command(await inside.identity.user_of(email)))
        except (NotFound, ValueError):
            raise BarError(f"nobody has signed in as {email}", "sign in with this address once, then repeat") from None
