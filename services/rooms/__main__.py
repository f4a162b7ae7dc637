"""python -m services.rooms api|relay|consumers|sweeper|all|realtime|migrate: where rooms is put together."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from libs.chassis.backbone import Now, backbone, utc_now
from libs.chassis.health import Checks
from libs.chassis.postgres import connect
from libs.chassis.process import Parts, main
from libs.chassis.redis import connect as connect_redis
from libs.chassis.roles import Role
from libs.chassis.stores import open_stores
from services.rooms.consumers import listen
from services.rooms.projections import ROOMS
from services.rooms.realtime.role import Realtime
from services.rooms.realtime.settings import NodeSettings
from services.rooms.routes import REFUSALS, routes
from services.rooms.routes_order import order_routes
from services.rooms.routes_voice import voice_routes
from services.rooms.routes_ways import ways_routes
from services.rooms.seed import seed
from services.rooms.service import RealtimeDoor, Rooms
from services.rooms.settings import RoomsSettings
from services.rooms.sweeper import Sweeper
from services.rooms.voice.livekit import livekit
from services.rooms.voice.look import Looks
from services.rooms.voice.webhooks import Webhooks
from services.rooms.whereabouts import Whereabouts
from services.rooms.words import Words

SERVICE = "rooms"
ROLES = ("api", "relay", "consumers", "sweeper", "realtime")
APART = ("realtime",)  # a node has a process of its own, and a port for its sockets


@asynccontextmanager
async def compose(settings: NodeSettings, wanted: Collection[str], now: Now = utc_now) -> AsyncIterator[Parts]:
    async with backbone(SERVICE, settings, ROOMS) as bar, AsyncExitStack() as stack:
        rooms = Rooms(bar.store, bar.pool, bar.cipher, settings)
        redis = await stack.enter_async_context(connect_redis(settings.redis_url, decode=False))
        listen(bar.consumers, bar.keys, Words(redis, settings.lane_seconds))
        media = await stack.enter_async_context(livekit(settings))
        webhooks = Webhooks(bar.store, bar.pool, settings, media) if media else None
        looks = [Looks(bar.store, bar.pool, settings, media, now).run] if media else []
        roles: dict[str, Role | Sequence[Role]] = {"sweeper": [Sweeper(bar.store, bar.pool, settings, now).run, *looks]}
        friends = Whereabouts(redis, bar.pool, settings)
        ready: Checks = {}
        if "realtime" in wanted:
            lifeline = await stack.enter_async_context(await connect(settings.database_url, SERVICE, size=1))
            node = Realtime(
                settings,
                door=RealtimeDoor(bar.store, bar.pool, lifeline, settings),
                redis=redis,
                kafka=bar.kafka,
                verifier=bar.verifier(waits=False),  # a node opens its door once it has caught up
                revocations=bar.revocations,
                livekit=media,
            )
            roles["realtime"], ready = node.run, node.ready
        routers = [
            routes(rooms, bar.pool, now),
            order_routes(rooms, now),
            voice_routes(rooms, webhooks, now),
            ways_routes(rooms, friends, bar.pool, now),
        ]
        yield bar.parts(wanted, routers, refusals=REFUSALS, roles=roles, ready=ready)


async def furnish(settings: RoomsSettings) -> None:
    """The house's own rooms, as the last part of `migrate`."""
    async with open_stores(SERVICE, settings, ROOMS) as stores:
        rooms = Rooms(stores.store, stores.pool, stores.cipher, settings)
        await seed(rooms.hosting, settings, utc_now())


if __name__ == "__main__":
    main(SERVICE, NodeSettings, compose, roles=ROLES, apart=APART, seed=furnish)
