"""python -m services.social api|relay|all|migrate: where social is put together."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from libs.chassis.backbone import backbone
from libs.chassis.process import Parts, main
from services.social.settings import SocialSettings

SERVICE = "social"
ROLES = ("api", "relay")


@asynccontextmanager
async def compose(settings: SocialSettings, wanted: Collection[str]) -> AsyncIterator[Parts]:
    async with backbone(SERVICE, settings) as bar:
        yield bar.parts(wanted, [], refusals={})


if __name__ == "__main__":
    main(SERVICE, SocialSettings, compose, roles=ROLES)
