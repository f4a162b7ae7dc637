"""The closed lists published facts speak in. A field that is not an id, a number, a time or one of these is Personal.

Members may be added (deploy readers first); none may be removed or renamed.
"""

from typing import Annotated, Final, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from libs.contracts.marks import OperatorText, UserMark

UserId = Annotated[UUID, UserMark()]
"""A person's id: the lake stores a pseudonym in its place."""
Instant = AwareDatetime

Service = Literal["identity", "social", "rooms", "moderation", "inventory", "analytics"]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)

# people
AuthProvider = Literal["google", "facebook", "email"]
DeviceType = Literal["web", "ios", "android", "desktop", "vr"]
Role = Literal["moderator", "analyst", "operator"]
RevokeReason = Literal[
    "logout",
    "signed_out",
    "token_reused",
    "suspended",
    "deleted",
    "login_unlinked",
    "role_changed",
]
PrivacyLevel = Literal["public", "limited"]
Locale = Literal[
    "ar", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "nl", "no",
    "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh",
]  # fmt: skip
Interest = Literal[
    "anime", "art", "astronomy", "basketball", "beer", "board-games", "books", "boxing", "cars", "cocktails", "coding",
    "coffee", "comedy", "cooking", "cricket", "cycling", "dance", "design", "fashion", "film", "fitness", "football",
    "gaming", "gardening", "golf", "hiking", "history", "hockey", "karaoke", "languages", "music-classical",
    "music-electronic", "music-hip-hop", "music-jazz", "music-live", "music-pop", "music-rock", "nature", "pets",
    "photography", "poker", "quiz", "running", "science", "skiing", "surfing", "swimming", "tea", "tennis", "theatre",
    "travel", "vr", "whisky", "wine", "yoga",
]  # fmt: skip
AvatarId = Literal[
    "ace", "bao", "cleo", "dex", "esme", "finn", "gigi", "hugo", "iris", "juno", "kai", "luna", "milo", "nova", "otis",
    "pixel",
]  # fmt: skip
Colour = Literal[
    "black", "blue", "brown", "cyan", "gold", "green", "grey", "orange", "pink", "purple", "red", "silver", "teal",
    "white", "yellow",
]  # fmt: skip


class AvatarConfig(BaseModel):
    """Colours and cosmetics of an avatar; everything left out is the avatar's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    skin: Literal["tone-1", "tone-2", "tone-3", "tone-4", "tone-5", "tone-6"] | None = None
    hair: (
        Literal[
            "bald",
            "bob",
            "braids",
            "buzz",
            "curls",
            "long",
            "mohawk",
            "ponytail",
            "short",
        ]
        | None
    ) = None
    hair_colour: Colour | None = None
    outfit: Literal["casual", "formal", "hoodie", "jersey", "party", "retro", "suit"] | None = None
    outfit_colour: Colour | None = None
    hat: Literal["none", "beanie", "cap", "crown", "fedora", "party"] | None = None
    glasses: Literal["none", "round", "shades", "star"] | None = None


# rooms
Theme = Literal["lounge", "dance", "sports"]
Region = Literal["eu", "me", "na", "sa", "af", "ap"]
JoinSource = Literal["matchmaking", "invite", "direct"]
LeaveReason = Literal[
    "left",
    "switched",
    "expired",
    "kicked",
    "blocked",
    "sanctioned",
    "revoked",
    "suspended",
    "deleted",
    "room_closed",
]
ReleaseReason = Literal[LeaveReason, "capacity"]
"""Why a held seat was given back before its holder came: `expired` is a no-show, `capacity` a room made smaller."""
Capacity = Annotated[int, Field(ge=2, le=1000)]
Seconds = Annotated[int, Field(ge=0)]
TrackId = Annotated[str, StringConstraints(pattern=r"^TR_[A-Za-z0-9]{1,48}$"), Field(examples=["TR_AMnT7nS"])]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(examples=["9f" * 32])]

PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$"), Field(examples=["pk" * 21 + "A"])]
"""X25519, as base64url: what is sealed to it, its owner alone opens."""

# safety
ReportType = Literal["harassment", "spam", "hate", "other"]
ReportOutcome = Literal["no_action", "sanctioned", "duplicate"]
SanctionKind = Literal["warn", "mute", "kick", "room_ban", "suspend", "ban"]
ReasonCode = Literal["harassment", "spam", "hate", "cheating", "underage", "other"]
LiftReason = Literal["expired", "withdrawn", "appeal"]

# things
ItemType = Literal["cosmetic", "emote", "drink"]
AcquireSource = Literal["purchase", "gift", "grant"]
Cents = Annotated[int, Field(ge=0, le=2**31 - 1)]
Sku = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64),
    Field(examples=["drink-espresso"]),
]
ItemName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80),
    OperatorText(),
    Field(examples=["Espresso"]),
]
ItemTrait = Annotated[str, StringConstraints(max_length=200)] | bool | Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
ItemMetadata = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")], ItemTrait],
    Field(max_length=16, examples=[{"glass": "cup", "strength": 3, "warm": True}]),
    OperatorText(),
]
"""What clients show an item by: at most 16 members, none of them about a person."""
Reference = Annotated[
    str,
    StringConstraints(pattern=r"^(welcome|purchase|gift|credit):[a-z0-9-]{1,64}$"),
    Field(examples=["purchase:42"]),
]
"""What a wallet entry was for: a machine's reference, unique per wallet, never a note."""
