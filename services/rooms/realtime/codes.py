"""Why a socket closes. docs/realtime.md says what a client should do."""

from enum import IntEnum


class Code(IntEnum):
    DONE = 1000
    DRAIN = 1001
    TOO_LARGE = 1009
    OVERLOAD = 1013
    PROTOCOL = 4000
    TOKEN_EXPIRED = 4001
    REVOKED = 4002
    BAD_TICKET = 4003
    ROOM_CLOSED = 4004
    TOO_SLOW = 4008
    REPLACED = 4009
    KICKED = 4010
    SANCTIONED = 4011
    SEAT_GONE = 4012
    FLOOD = 4029
