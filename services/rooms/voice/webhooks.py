"""What a media server tells us: believed when it is signed, taken once, and answered with what it has to be told."""

from datetime import datetime
from typing import Final

import structlog
from google.protobuf.json_format import ParseError
from livekit.api import TokenVerifier, WebhookReceiver
from prometheus_client import Counter

from libs.chassis.problems import Malformed, Unauthenticated
from libs.eventstore.db import Pool
from libs.eventstore.store import Store, Unit
from services.rooms.settings import RoomsSettings
from services.rooms.voice.livekit import LiveKit, MediaAway
from services.rooms.voice.orders import Attend, Order, Rules, orders
from services.rooms.voice.port import write_down
from services.rooms.voice.rules import rules_of
from services.rooms.voice.words import JOINED, KNOWN, PUBLISHED, Heard, Participant, heard

# Once, in the transaction of what comes of it: a delivery that failed half-way is taken as if it were the first.
TAKE = "insert into voice_webhooks (event_id, taken_at) values ($1, $2) on conflict do nothing returning true"
FORGET_WEBHOOKS = "delete from voice_webhooks where taken_at < $1"
OURS = "select exists (select from rooms where id = $1)"
OTHERS = "select visit_id, track from microphones where room_id = $1 and not closed and visit_id <> $2"
LOOK_SOON = "update voice_looks set claimed_at = '-infinity' where room_id = $1"

WEBHOOKS: Final = Counter("virtubar_voice_webhooks", "webhooks of the media server", ["kind", "outcome"])
DROPPED: Final = Counter("virtubar_voice_webhooks_dropped", "webhooks the media server says it gave up")
log = structlog.get_logger(__name__)


class Webhooks:
    """Any number of times, in any order, or not at all: looks mend what nobody told (look.py)."""

    def __init__(self, store: Store, pool: Pool, settings: RoomsSettings, media: LiveKit) -> None:
        self._store = store
        self._pool = pool
        self._media = media
        self._receiver = WebhookReceiver(TokenVerifier(settings.livekit_api_key, settings.livekit_api_secret))

    def verified(self, body: bytes, authorization: str) -> Heard:
        """Raises Unauthenticated unless its sender knows the secret and meant this body; Malformed."""
        try:
            event = self._receiver.receive(body.decode(), authorization)
        except ParseError:
            raise Malformed from None
        except Exception:  # whatever stands in the way of believing it, of which the receiver has no class
            WEBHOOKS.labels("unknown", "unsigned").inc()
            raise Unauthenticated("This was not signed by the media server.") from None
        return heard(event)

    async def take(self, event: Heard, at: datetime) -> None:
        """Raises what Postgres raises: the server will say it again. Of the media server's absence nobody hears."""
        kind = event.kind if event.kind in KNOWN else "other"
        DROPPED.inc(event.dropped)
        about_us = event.event_id and event.participant and kind != "other"
        if not about_us or not await self._pool.fetchval(OURS, event.room):
            WEBHOOKS.labels(kind, "foreign").inc()
            return

        async def work(unit: Unit) -> bool:
            if not await unit.db.fetchval(TAKE, event.event_id, at):
                return False
            if event.room and event.participant and event.participant.visit:
                await write_down(unit, event.room, event.participant.visit, event.words())
            if event.dropped:
                await unit.db.execute(LOOK_SOON, event.room)
            return True

        news = await self._store.run(work, at=at)
        WEBHOOKS.labels(kind, "taken" if news else "doubled").inc()
        if kind in (JOINED, PUBLISHED) and event.participant:
            await self._order(event, event.participant, at)

    async def _order(self, event: Heard, who: Participant, at: datetime) -> None:
        """Whoever comes in, or speaks, does so by today's rules, whatever held when the token was made."""
        assert event.room
        rules = await rules_of(self._pool, event.room, at)
        given = [*orders([who], rules), *await self._apart(event, who, rules)]
        try:
            for order in given:
                await self._media.obey(event.room, order)
        except MediaAway as away:
            log.warning("order not given", error=str(away), room=str(event.room))

    async def _apart(self, event: Heard, who: Participant, rules: Rules) -> list[Order]:
        """Who does not hear whom: whoever speaks is kept from others, whoever comes from those who speak already."""
        user = rules.guests.get(who.visit) if who.visit else None
        if user is None or not rules.unheard:
            return []
        spoken = tuple(each.track for each in who.microphones)
        given: list[Order] = [
            Attend(str(visit), spoken)
            for visit, other in rules.guests.items()
            if spoken and (user, other) in rules.unheard
        ]
        speaking = await self._pool.fetch(OTHERS, event.room, who.visit)
        not_for_them = tuple(
            row["track"] for row in speaking if (rules.guests.get(row["visit_id"]), user) in rules.unheard
        )
        return [*given, Attend(who.identity, not_for_them)] if not_for_them else given
