"""python -m services.moderation api|relay|consumers|timer|all|migrate: where moderation is put together."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from libs.chassis.backbone import Now, backbone, utc_now
from libs.chassis.process import Parts, main
from services.moderation.audit import ACTS
from services.moderation.chain import Chain
from services.moderation.consumers import listen
from services.moderation.desk import case_routes, record_routes, sanction_routes
from services.moderation.desk_appeals import appeal_routes
from services.moderation.erasure import Erasure
from services.moderation.projections import CASES
from services.moderation.routes import REFUSALS, routes
from services.moderation.service import Moderation
from services.moderation.settings import ModerationSettings
from services.moderation.timer import Timer

SERVICE = "moderation"
ROLES = ("api", "relay", "consumers", "timer")


@asynccontextmanager
async def compose(settings: ModerationSettings, wanted: Collection[str], now: Now = utc_now) -> AsyncIterator[Parts]:
    async with backbone(SERVICE, settings, CASES, ACTS) as bar:
        moderation = Moderation(bar.store, bar.pool, bar.keys, settings)
        listen(bar.consumers, bar.keys, Erasure(moderation.evidence))
        timer = Timer(bar.store, bar.pool, moderation.evidence, moderation.retention, settings, now)
        yield bar.parts(
            wanted,
            [
                routes(moderation, now),
                case_routes(moderation, bar.pool, now),
                sanction_routes(moderation, now),
                appeal_routes(moderation, now),
                record_routes(moderation, bar.pool, now),
            ],
            refusals=REFUSALS,
            roles={"timer": timer.run, "relay": Chain(bar.pool).run},
        )


if __name__ == "__main__":
    main(SERVICE, ModerationSettings, compose, roles=ROLES)
