"""python -m services.social api|relay|consumers|all|migrate: where social is put together."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from libs.chassis.backbone import Now, backbone, utc_now
from libs.chassis.process import Parts, main
from services.social.consumers import listen
from services.social.projections.pairs import PAIRS
from services.social.projections.profiles import PROFILES
from services.social.routes import pairs, profiles
from services.social.service import Social
from services.social.settings import SocialSettings

SERVICE = "social"
ROLES = ("api", "relay", "consumers")


@asynccontextmanager
async def compose(settings: SocialSettings, wanted: Collection[str], now: Now = utc_now) -> AsyncIterator[Parts]:
    async with backbone(SERVICE, settings, PROFILES, PAIRS) as bar:
        social = Social(bar.store, settings)
        listen(bar.consumers, social, bar.keys)
        routers = [profiles.routes(social.profiles, bar.pool, now), pairs.routes(social.pairs, bar.pool, now)]
        yield bar.parts(wanted, routers, refusals={**profiles.REFUSALS, **pairs.REFUSALS})


if __name__ == "__main__":
    main(SERVICE, SocialSettings, compose, roles=ROLES)
