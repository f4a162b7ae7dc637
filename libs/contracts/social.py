"""Social's facts: profiles, and who stands how to whom."""

from typing import Annotated

from pydantic import Field

from libs.contracts.event import Event, Personal
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import (
    AvatarConfig,
    AvatarId,
    Interest,
    Locale,
    PrivacyLevel,
    UserId,
)

PROFILE = Topic(producer="social", stream="profile")
VIEWER = Topic(producer="social", stream="viewer")
PAIR = Topic(producer="social", stream="pair")
HIDDEN_PAIR = Topic(producer="social", stream="pair", audience="restricted")

NameSkeleton = Personal[str]
"""What every look-alike of the name comes to, as it was decided: later tables of look-alikes change no past."""


class ProfileCreate(Event):
    """A new face, with a generated name."""

    TOPIC = PROFILE
    user_id: UserId
    display_name: Personal[str] = None
    name_skeleton: NameSkeleton = None
    bio: Personal[str] = None
    avatar_id: AvatarId
    avatar_config: AvatarConfig
    interests: Annotated[tuple[Interest, ...], Field(max_length=20)]
    locale: Locale
    privacy_level: PrivacyLevel


class ProfileUpdate(Event):
    """The whole profile as it stands after a change."""

    TOPIC = PROFILE
    user_id: UserId
    display_name: Personal[str] = None
    name_skeleton: NameSkeleton = None
    bio: Personal[str] = None
    avatar_id: AvatarId
    avatar_config: AvatarConfig
    interests: Annotated[tuple[Interest, ...], Field(max_length=20)]
    locale: Locale
    privacy_level: PrivacyLevel


class ProfileOpen(Event):
    """Somebody looked at a card; told once per viewer and profile in 10 minutes."""

    TOPIC = VIEWER
    SUBJECT = ("viewer_user_id",)
    viewer_user_id: UserId
    profile_user_id: UserId


class FriendRequest(Event):
    """`user_id` asks `friend_user_id`."""

    TOPIC = PAIR
    user_id: UserId
    friend_user_id: UserId


class FriendAccept(Event):
    """`user_id` says yes to `friend_user_id`."""

    TOPIC = PAIR
    user_id: UserId
    friend_user_id: UserId


class FriendRemove(Event):
    """`user_id` declined, cancelled or ended it."""

    TOPIC = PAIR
    user_id: UserId
    friend_user_id: UserId


class BlockUser(Event):
    """The two no longer exist for each other."""

    TOPIC = HIDDEN_PAIR
    SUBJECT = ("blocker_user_id",)
    blocker_user_id: UserId
    blocked_user_id: UserId


class UnblockUser(Event):
    """One side's block is gone; the other's, if any, stands."""

    TOPIC = HIDDEN_PAIR
    SUBJECT = ("blocker_user_id",)
    blocker_user_id: UserId
    blocked_user_id: UserId


class MuteUser(Event):
    """The muter no longer hears or reads the muted."""

    TOPIC = HIDDEN_PAIR
    SUBJECT = ("muter_user_id",)
    muter_user_id: UserId
    muted_user_id: UserId


class UnmuteUser(Event):
    """The muter hears and reads the other again."""

    TOPIC = HIDDEN_PAIR
    SUBJECT = ("muter_user_id",)
    muter_user_id: UserId
    muted_user_id: UserId
