"""What can be set about rooms, with defaults fit for production."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from libs.chassis.settings import Seconds, Settings
from libs.contracts.vocabulary import Capacity, Region

Count = Annotated[int, Ge(1)]
Hours = Annotated[float, Gt(0)]


class RoomsSettings(Settings):
    """`VIRTUBAR_HOLD_SECONDS` is `hold_seconds`, and so on."""

    # seats
    hold_seconds: Seconds = 30.0  # a seat is kept so long for somebody on the way
    ticket_seconds: Seconds = 30.0  # a new ticket for a seat already taken is good so long
    silence_seconds: Seconds = 60.0  # a visitor who is silent for longer has left
    night_gap_seconds: Seconds = 60.0  # a night ends when no seat has followed the last leave for so long

    # the line before a full room
    waitlist_seconds: Seconds = 20.0  # a place that is not asked about for so long is lost
    waitlist_poll_seconds: Seconds = 3.0  # clients are told to ask again so often
    limit_waiting: Count = 200  # in one room's line

    # the sweeper
    sweep_seconds: Seconds = 1.0  # between two looks
    beat_seconds: Seconds = 15.0  # nodes refresh the leases so often; nobody is judged so soon after an outage

    # realtime nodes
    node_lease_seconds: Seconds = 3.0  # a node that has not renewed for so long has lost its rooms

    # order
    acquaintance_hours: Hours = 24.0  # whoever was in a room within so long may be muted and kept out there
    kick_seconds: Seconds = 300.0  # whoever was shown the door stays out so long, where nobody says how long
    invite_minutes: Annotated[float, Gt(0)] = 60.0  # an invite is good so long

    # voice
    voice_adapter: Literal["mesh", "livekit", "none"] = "mesh"  # browsers among themselves, a media server, or none
    voice_publishers: Count = 6  # microphones open in one room at a time
    voice_stun_urls: tuple[str, ...] = ()  # stun:host:port
    voice_turn_urls: tuple[str, ...] = ()  # turn:host:port?transport=udp
    voice_turn_secret: str = ""  # shared with them
    voice_turn_seconds: Seconds = 600.0  # their credentials are good so long
    voice_look_seconds: Seconds = 60.0  # between two looks at who is in a LiveKit room, which mend what was not told
    livekit_url: str = ""  # http(s)://host:port of its API, as we reach it
    livekit_public_url: str = ""  # ws(s)://host:port, as clients do
    livekit_api_key: str = ""
    livekit_api_secret: str = ""
    livekit_token_seconds: Annotated[float, Ge(1), Le(300)] = 60.0  # to connect; who is connected needs no other
    livekit_timeout_seconds: Seconds = 2.0  # of one call

    # evidence
    evidence_url: str = "memory:///"  # file:///folder, s3://bucket/prefix …: the same as moderation's

    # limits
    limit_invites_per_hour: Count = 60  # by one person
    idempotency_hours: Hours = 24.0  # an Idempotency-Key is remembered for so long
    limit_rooms_per_host: Count = 5  # open at the same time

    # the house's own rooms
    system_region: Region = "eu"
    system_capacity: Capacity = 200

    @model_validator(mode="after")
    def _adapter_is_told_enough(self) -> Self:
        needed = ("livekit_url", "livekit_public_url", "livekit_api_key", "livekit_api_secret")
        if self.voice_adapter == "livekit" and not all(getattr(self, name) for name in needed):
            raise ValueError(f"voice by LiveKit takes {', '.join(needed)}")
        if self.voice_turn_urls and not self.voice_turn_secret:
            raise ValueError("a TURN server takes voice_turn_secret, which it shares with us")
        return self

    @property
    def hold(self) -> timedelta:
        return timedelta(seconds=self.hold_seconds)

    @property
    def ticket(self) -> timedelta:
        return timedelta(seconds=self.ticket_seconds)

    @property
    def silence(self) -> timedelta:
        return timedelta(seconds=self.silence_seconds)

    @property
    def night_gap(self) -> timedelta:
        return timedelta(seconds=self.night_gap_seconds)

    @property
    def waitlist(self) -> timedelta:
        return timedelta(seconds=self.waitlist_seconds)

    @property
    def kick(self) -> timedelta:
        return timedelta(seconds=self.kick_seconds)

    @property
    def acquaintance(self) -> timedelta:
        return timedelta(hours=self.acquaintance_hours)

    @property
    def invite(self) -> timedelta:
        return timedelta(minutes=self.invite_minutes)

    @property
    def voice_turn(self) -> timedelta:
        return timedelta(seconds=self.voice_turn_seconds)

    @property
    def idempotency(self) -> timedelta:
        return timedelta(hours=self.idempotency_hours)

    @property
    def node_lease(self) -> timedelta:
        return timedelta(seconds=self.node_lease_seconds)
