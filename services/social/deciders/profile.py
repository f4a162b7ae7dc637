"""What somebody says of themselves. Stream `profile-{id}`. Its name and bio are Personal: the state holds neither."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.social import ProfileCreate, ProfileUpdate
from libs.contracts.vocabulary import AvatarConfig, AvatarId, Interest, Locale, PrivacyLevel
from libs.eventstore.decider import Decider
from services.social.deciders.refusals import NotFound

SHOWN = ("user_id", "avatar_id", "avatar_config", "interests", "locale", "privacy_level")
PLAIN = AvatarConfig()


def profile_stream(user_id: UUID) -> str:
    return f"profile-{user_id}"


@dataclass(frozen=True, slots=True)
class Name:
    """A name that nobody else has: `text` with its suffix, and what its look-alikes come to without it."""

    text: str
    skeleton: str


@dataclass(frozen=True, slots=True)
class Texts:
    """What a profile says in its owner's own words."""

    name: Name
    bio: str | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """Give somebody a first face. Nothing happens to those who have one."""

    user_id: UUID
    name: Name
    avatar_id: AvatarId
    locale: Locale


@dataclass(frozen=True, slots=True)
class Update:
    """Change what is given; None leaves a member as it is. `now` is what the profile says so far."""

    now: Texts
    name: Name | None = None
    bio: str | None = None  # "" takes it away
    avatar_id: AvatarId | None = None
    avatar_config: AvatarConfig | None = None
    interests: tuple[Interest, ...] | None = None
    locale: Locale | None = None
    privacy_level: PrivacyLevel | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All a profile is but its texts."""

    user_id: UUID
    avatar_id: AvatarId
    avatar_config: AvatarConfig
    interests: tuple[Interest, ...]
    locale: Locale
    privacy_level: PrivacyLevel


@dataclass(frozen=True, slots=True)
class Faceless:
    kind: Literal["faceless"] = "faceless"


@dataclass(frozen=True, slots=True)
class Shown:
    facts: Facts
    kind: Literal["shown"] = "shown"


Profile = Faceless | Shown
Command = Create | Update


def decide(state: Profile, command: Command) -> Sequence[Event]:
    match state, command:
        case Faceless(), Create(user_id, name, avatar_id, locale):
            facts = Facts(user_id, avatar_id, PLAIN, (), locale, "public")
            return [ProfileCreate(**_said(Texts(name)), **_shown(facts))]
        case Shown(), Create():
            return []
        case Shown(facts), Update(now):
            texts, changed = _new_texts(now, command), _new_facts(facts, command)
            if (texts, changed) == (now, facts):
                return []
            return [ProfileUpdate(**_said(texts), **_shown(changed))]
        case _:
            raise NotFound


def _new_texts(now: Texts, command: Update) -> Texts:
    return Texts(command.name or now.name, now.bio if command.bio is None else command.bio or None)


def _new_facts(facts: Facts, command: Update) -> Facts:
    interests = facts.interests if command.interests is None else tuple(sorted(set(command.interests)))
    return replace(
        facts,
        avatar_id=command.avatar_id or facts.avatar_id,
        avatar_config=command.avatar_config or facts.avatar_config,
        interests=interests,
        locale=command.locale or facts.locale,
        privacy_level=command.privacy_level or facts.privacy_level,
    )


def _said(texts: Texts) -> dict[str, Any]:
    return {"display_name": texts.name.text, "name_skeleton": texts.name.skeleton, "bio": texts.bio}


def _shown(facts: Facts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in SHOWN}


def evolve(state: Profile, event: Event) -> Profile:
    match event:
        case ProfileCreate() | ProfileUpdate():
            return Shown(Facts(**{name: getattr(event, name) for name in SHOWN}))
        case _:
            return state


PROFILE: Decider[Profile, Command] = Decider("profile", Faceless(), decide, evolve, state_type=Profile)
