"""What a realtime node is told by its environment, and the clocks and limits it keeps beside those of rooms."""

from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic import Field

from libs.chassis.settings import Seconds
from libs.contracts.vocabulary import Region
from services.rooms.realtime.limits import Limit
from services.rooms.settings import Count, RoomsSettings


class NodeSettings(RoomsSettings):
    """Defaults fit for production. A visit ends after `silence_seconds` of silence, as rooms' own settings say."""

    # this node
    node_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "node-1"
    node_host: str = "127.0.0.1"
    node_port: Annotated[int, Ge(0)] = 0  # 0 picks a free port
    node_public_url: str | None = None  # what clients are told, without a slash at its end; default ws(s)://host:port
    node_region: Region = "eu"
    node_tls_certificate: Path | None = None  # PEM; with `node_tls_key` the node speaks TLS itself
    node_tls_key: Path | None = None
    node_trusted_proxies: tuple[str, ...] = ()  # addresses whose X-Forwarded-For is believed

    # two clocks, and how often they are looked at
    heartbeat_seconds: Seconds = 2.0  # clients send something this often
    away_seconds: Seconds = 5.0  # silent for this long: out of everybody's view
    watch_seconds: Seconds = 0.25
    empty_seconds: Seconds = 120.0  # a room nobody is in is forgotten after this long

    # ownership
    renew_seconds: Seconds = 1.0  # between two renewals of the node's lease
    lease_grace_seconds: Seconds = 10.0  # without a lease nothing moves; after this long people are sent elsewhere

    # the floor
    tick_hz: Annotated[int, Ge(1), Le(60)] = 20
    walk_cm_per_second: Annotated[float, Gt(0)] = 800.0
    teleport_seconds: Seconds = 3.0
    slot_rest_seconds: Seconds = 60.0
    view_nearest: Count = 40  # others; where more are in view everybody is shown the nearest,
    view_look_seconds: Seconds = 0.2  # who that is is chosen again this often
    keyframe_seconds: Seconds = 10.0  # between two of a room in which anything moves

    # sockets
    hello_seconds: Seconds = 5.0
    drain_seconds: Seconds = 5.0  # a reader that takes nothing for this long is closed
    farewell_seconds: Seconds = 1.0  # for the other side to answer our close
    auth_grace_seconds: Seconds = 10.0  # after an access token's end
    frame_bytes: Count = 32 * 1024
    backlog_bytes: Count = 16 * 1024  # unsent on one socket: beyond it transforms are dropped,
    backlog_limit_bytes: Count = 512 * 1024  # beyond this the socket is closed
    send_buffer_bytes: Count = 32 * 1024  # of the kernel, per socket: what waits there is stale when it is read

    # safety
    safety_seconds: Seconds = 30.0  # between two looks at what the service knows of people; news comes at once

    # evidence
    evidence_seconds: Seconds = 120.0  # before a report are sealed,
    evidence_kept_seconds: Seconds = 600.0  # and that long it is known where people stood
    evidence_look_seconds: Seconds = 1.0  # between two looks, at where they stand and at what is to be sealed

    # limits
    limit_sockets: Count = 20_000  # on this node
    limit_address_sockets: Count = 256  # from one address
    limit_half_open: Count = 1_000  # that have not said hello; the oldest goes for the newest
    limit_address_half_open: Count = 32
    limit_frames_per_second: Count = 100  # more is a flood
    limit_moves_per_second: Count = 30  # more are dropped
    limit_chat_per_minute: Count = 30
    limit_chat_burst: Count = 8
    limit_chat_characters: Count = 500
    limit_emotes_per_minute: Count = 30
    limit_emotes_burst: Count = 6
    limit_voice_signals_per_minute: Count = 600  # connecting to five others takes some
    limit_voice_signals_burst: Count = 150
    limit_voice_states_per_minute: Count = 60
    limit_voice_states_burst: Count = 10
    limit_orders_per_minute: Count = 60  # mutes and kicks by one host or moderator
    limit_orders_burst: Count = 20
    limit_auths_per_minute: Count = 30  # one in 5 minutes is needed
    limit_auths_burst: Count = 10
    limit_hellos_per_minute: Count = 60  # by one guest; more is a flood
    limit_hellos_burst: Count = 20
    limit_signal_bytes: Count = 16 * 1024

    # Redis
    presence_seconds: Seconds = 12.0  # TTL of presence:user:{userId} after a heartbeat
    presence_refresh_seconds: Seconds = 4.0  # between two writes of a whole room
    transforms_refresh_seconds: Seconds = 1.0
    lane_seconds: Seconds = 600.0  # what a room was told is kept so long, for those who come back and its next owner
    lane_refresh_seconds: Seconds = 20.0  # between two looks at a room's stream: is it there, is it trimmed
    reconcile_seconds: Seconds = 30.0  # between two comparisons of these keys and of the seats with the sockets

    def told_limits(self) -> dict[str, int]:
        """What `welcome` says: clients need not find out by trying."""
        return {
            "frame_bytes": self.frame_bytes,
            "moves_per_second": self.limit_moves_per_second,
            "chat_per_minute": self.limit_chat_per_minute,
            "chat_characters": self.limit_chat_characters,
            "emotes_per_minute": self.limit_emotes_per_minute,
            "signal_bytes": self.limit_signal_bytes,
            "publishers": self.voice_publishers if self.voice_adapter == "mesh" else 0,
            "walk_cm_per_second": int(self.walk_cm_per_second),
        }

    def counted(self) -> dict[str, Limit]:
        """What is counted by `rl:ws:{userId}:{eventType}:{minuteBucket}`, by event type; moves are counted too."""
        return {
            "chat": Limit(self.limit_chat_per_minute, self.limit_chat_burst),
            "emote": Limit(self.limit_emotes_per_minute, self.limit_emotes_burst),
            "voice_signal": Limit(self.limit_voice_signals_per_minute, self.limit_voice_signals_burst),
            "voice_state": Limit(self.limit_voice_states_per_minute, self.limit_voice_states_burst),
            "order": Limit(self.limit_orders_per_minute, self.limit_orders_burst),
            "auth": Limit(self.limit_auths_per_minute, self.limit_auths_burst),
            "join": Limit(self.limit_hellos_per_minute, self.limit_hellos_burst),
        }
