"""A whole realtime node: its parts put together, started, and taken down without losing anybody."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from time import monotonic
from uuid import UUID

import structlog
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from libs.chassis.auth import Verifier
from libs.chassis.follow import Behind, Follower
from libs.chassis.health import Checks, NotReady
from libs.chassis.kafka import Kafka
from libs.chassis.revocations import Revocations
from services.rooms.node_door import NodeDoor
from services.rooms.realtime.beats import Beats
from services.rooms.realtime.bouncer import TOPICS as SAFETY_TOPICS
from services.rooms.realtime.clock import Clock
from services.rooms.realtime.codes import Code
from services.rooms.realtime.connection import Connection, Entrance
from services.rooms.realtime.crowd import Crowd
from services.rooms.realtime.crowd import Limits as CrowdLimits
from services.rooms.realtime.errands import ended
from services.rooms.realtime.evidence import TOPICS as REPORTS
from services.rooms.realtime.evidence import Evidence
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lane_store import LaneStore
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.listen import listen, port_of, public_url
from services.rooms.realtime.media import Media
from services.rooms.realtime.metrics import Figures, Load
from services.rooms.realtime.microphones import Microphones
from services.rooms.realtime.news import TOPICS, News
from services.rooms.realtime.node import Node
from services.rooms.realtime.presence import Presence
from services.rooms.realtime.reconciler import Reconciler
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.socket import Bounds, Socket
from services.rooms.realtime.watch import Watch
from services.rooms.voice.livekit import LiveKit

log = structlog.get_logger(__name__)


class Realtime:
    """Hand in what is outside; `run` is the role, `ready` its health checks."""

    def __init__(
        self,
        settings: NodeSettings,
        *,
        door: NodeDoor,
        redis: Redis,
        kafka: Kafka,
        verifier: Verifier,
        revocations: Revocations,
        livekit: LiveKit | None = None,
    ) -> None:
        self._settings = settings
        self._door = door
        self._crowd = Crowd(
            CrowdLimits(
                sockets=settings.limit_sockets,
                address=settings.limit_address_sockets,
                half_open=settings.limit_half_open,
                address_half_open=settings.limit_address_half_open,
            )
        )
        self._bounds = Bounds(
            frames_per_second=settings.limit_frames_per_second,
            moves_per_second=settings.limit_moves_per_second,
            frame_bytes=settings.frame_bytes,
            backlog=settings.backlog_bytes,
            backlog_limit=settings.backlog_limit_bytes,
            farewell=settings.farewell_seconds,
        )
        self._presence = Presence(redis, settings)
        self._lanes = LaneStore(
            redis, settings.lane_seconds, settings.lane_refresh_seconds, lambda room: self._node.lose(room)
        )
        self._microphones = Microphones(door)
        self._halls = Halls(self._presence, microphones=self._microphones)
        self._halls.lanes = self._lanes
        self._limits = Limits(redis, settings.counted())
        self._lease = Lease(door, settings, Load(), lambda fences, since: self._node.owned(fences, since))
        self._node = Node(door, self._halls, self._lease, self._limits, verifier, revocations, settings)
        if livekit:
            may_speak = self._node.bouncer.may_speak
            self._halls.media = Media(livekit, may_speak, is_ours=lambda: self._lease.held(monotonic()))
        self._watch = Watch(self._node, self._crowd, self._limits, settings)
        self._clock = Clock(settings.tick_hz, settings.watch_seconds, self._node.tick, self._watch.look)
        self._beats = Beats(door, self._halls, self._lease, settings)
        self._evidence = Evidence(door, self._halls, self._lease, self._node.errands, redis, settings)
        news = News(self._halls, revocations, self._node.bouncer.hear, self._node.emotes)
        self._follower = Follower(kafka, TOPICS, self._evidence.besides(news.hear), since=revocations.horizon)
        safety = self._evidence.besides(self._node.bouncer.hear)
        self._safety = Follower(kafka, (*SAFETY_TOPICS, *REPORTS), safety, since=Behind("rooms"))
        self._reconciler = Reconciler(redis, door, self._halls, self._presence, self._lease, settings)
        self._figures = Figures(self._node, self._crowd, self._presence, self._limits)
        self._open = False
        self.port = 0  # of the sockets, once it runs

    @property
    def ready(self) -> Checks:
        async def has_lease() -> None:
            if not self._lease.held(monotonic()):
                raise NotReady("no lease")

        return {"lease": has_lease, "revocations": self._follower.ready, "safety": self._safety.ready}

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`; then send everybody to another node. Raises NodeReplaced."""
        server = await listen(self._entrance(), self._settings)
        self.port = port_of(server)
        REGISTRY.register(self._figures)
        followers = (self._follower, self._safety)
        jobs = [asyncio.create_task(each.run(stop)) for each in followers]
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.catch_up_seconds):
                    for each in followers:
                        await each.caught_up.wait()
            await self._lease.take(public_url(self._settings, self.port))
            self._open = True
            self._clock.start()
            writing = self._presence.run(self._owned, lambda: self._lease.held(monotonic()))
            asking = self._node.bouncer.run(self._settings.safety_seconds, self._safety.caught_up)
            work = (self._lease.keep(), self._beats.run(), self._limits.run(), writing, asking, _until(stop))
            jobs.append(asyncio.create_task(self._reconciler.run()))
            jobs.append(asyncio.create_task(self._lanes.run()))
            jobs.append(asyncio.create_task(self._evidence.run(self._owned)))
            jobs.extend(asyncio.create_task(each) for each in work)
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            self._open = False
            server.close()
            await self._farewell()
            await ended(jobs)
            REGISTRY.unregister(self._figures)

    async def _farewell(self) -> None:
        """Save, give the rooms up, and only then send their people away: whoever asks finds the next owner."""
        halls = list(self._halls.by_room.values())
        try:
            async with asyncio.timeout(self._settings.stop_seconds / 2):
                await self._node.errands.finish(within=1.0)
                await self._microphones.finish(within=1.0)
                if self._halls.media:
                    await self._halls.media.finish(within=1.0)
                self._lease.accepting = False
                await self._lease.renew()  # none of the rooms comes back here
                await self._beats.write()
                self._clock.stop()
                for hall in halls:
                    hall.mark()
                await asyncio.gather(self._lanes.flush(), self._presence.save(halls))
                await self._lease.end()  # nobody here says anything any more, and the rooms are free
                await self._lanes.flush()  # of what was said until then
        except Exception as error:
            log.warning("rooms not given up", error=type(error).__name__, count=len(halls))
        self._clock.stop()
        self._node.lose_all()
        for socket in list(self._node.sockets):
            socket.close(Code.DRAIN, "the node stops")
        await asyncio.gather(self._presence.flush(), self._lanes.flush())
        deadline = monotonic() + self._settings.farewell_seconds
        while len(self._crowd) and monotonic() < deadline:
            await asyncio.sleep(0.02)  # for their answers to our close

    def _owned(self) -> Iterable[Hall]:
        """The rooms of this node, as far as anybody may say so at this moment."""
        return self._halls.by_room.values() if self._lease.held(monotonic()) else ()

    def _entrance(self) -> Entrance:
        settings = self._settings
        return Entrance(
            node_id=settings.node_id,
            crowd=self._crowd,
            trusted_proxies=frozenset(settings.node_trusted_proxies),
            frame_bytes=settings.frame_bytes,
            hello_seconds=settings.hello_seconds,
            open_socket=self._socket,
            is_open=lambda: self._open,
        )

    def _socket(self, room_id: UUID, connection: Connection) -> Socket:
        return Socket(self._node, room_id, connection.greeted, self._bounds)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
