"""Where two people may meet."""

from enum import StrEnum


class Surface(StrEnum):
    """`a` does or shows something here, and it may reach `b` or not.

    Where people are looked at rather than spoken to (the second group) `a` is who is shown, `b` who looks.
    """

    # in a room, a does it, b is there
    TRANSFORM = "transform"  # moves
    JOIN = "join"  # comes and goes, away and back
    CHAT = "chat"
    EMOTE = "emote"
    VOICE = "voice"  # and its signalling
    GIFT = "gift"  # also out of a room

    # a is there to be seen, b looks
    ROSTER = "roster"  # who is in the room, in `welcome` and `snapshot`
    MEMBER_LIST = "member_list"  # the same by HTTP
    PRESENCE = "presence"  # whether a is online, and where
    CARD = "card"  # name and avatar
    CARD_DETAILS = "card_details"  # all the rest of the card
    SEARCH = "search"  # a is found
    MATCHMAKING = "matchmaking"  # a sits in a room that b might be brought to

    # a turns to b
    PROFILE_OPEN = "profile_open"  # b learns, if from figures alone, that a looked
    FRIEND_REQUEST = "friend_request"
    INVITE = "invite"
    REPORT = "report"  # to the house, about b
