"""python -m services.moderation api|relay|all|migrate: where moderation is put together."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from libs.chassis.backbone import backbone
from libs.chassis.process import Parts, main
from services.moderation.settings import ModerationSettings

SERVICE = "moderation"
ROLES = ("api", "relay")


@asynccontextmanager
async def compose(settings: ModerationSettings, wanted: Collection[str]) -> AsyncIterator[Parts]:
    async with backbone(SERVICE, settings) as bar:
        yield bar.parts(wanted, [], refusals={})


if __name__ == "__main__":
    main(SERVICE, ModerationSettings, compose, roles=ROLES)
