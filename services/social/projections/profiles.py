"""Profiles as rows, the guards that keep their names apart, and who looked at whom. Erased people's rows go."""

from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.social import ProfileCreate, ProfileOpen, ProfileUpdate
from libs.eventstore.db import Db
from libs.eventstore.projections import Projection, Table
from libs.eventstore.recorded import Recorded
from services.social.names import split

CREATE = """
with profile as (
  insert into profiles (user_id, display_name, bio, avatar_id, avatar_config, interests, locale, privacy_level,
    created_at, updated_at)
  values ($1, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12, $12)
)
insert into profile_guards (user_id, version, skeleton, suffix) values ($1, $2, $3, $4)
"""
UPDATE = """
with profile as (
  update profiles set display_name = $5, bio = $6, avatar_id = $7, avatar_config = $8::text::jsonb, interests = $9,
    locale = $10, privacy_level = $11, updated_at = $12
  where user_id = $1
)
update profile_guards set version = $2, skeleton = $3, suffix = $4 where user_id = $1
"""
OPEN = """
insert into profile_opens (viewer_user_id, profile_user_id, opened_at) values ($1, $2, $3)
on conflict (viewer_user_id, profile_user_id) do update set opened_at = excluded.opened_at
"""
FORGET = (
    "delete from profile_opens where viewer_user_id = $1 or profile_user_id = $1",
    "delete from profile_guards where user_id = $1",
    "delete from profiles where user_id = $1",
)


async def project(db: Db, happened: Recorded) -> None:
    match happened.event:
        case ProfileCreate() as event:
            await _write(db, CREATE, event, happened)
        case ProfileUpdate() as event:
            await _write(db, UPDATE, event, happened)
        case ProfileOpen(viewer_user_id=viewer, profile_user_id=profile):
            await db.execute(OPEN, viewer, profile, happened.at)
        case ErasureDone(user_id=user):
            for sql in FORGET:
                await db.execute(sql, user)
        case Event():
            pass


async def _write(db: Db, sql: str, event: ProfileCreate | ProfileUpdate, happened: Recorded) -> None:
    if event.display_name is None or event.name_skeleton is None:
        return  # the key is destroyed, and the row about to go
    await db.execute(
        sql,
        event.user_id,
        happened.version,
        event.name_skeleton,
        split(event.display_name)[1],
        event.display_name,
        event.bio,
        event.avatar_id,
        event.avatar_config.model_dump_json(exclude_none=True),  # as text: a rebuild's session has no codec of ours
        event.interests,
        event.locale,
        event.privacy_level,
        happened.at,
    )


PROFILES = Projection(
    tables=(
        Table(
            "profiles",
            ("user_id",),
            (
                "display_name", "bio", "avatar_id", "avatar_config", "interests", "locale", "privacy_level",
                "created_at", "updated_at",
            ),
        ),
        Table("profile_guards", ("user_id",), ("version", "skeleton", "suffix")),
        Table("profile_opens", ("viewer_user_id", "profile_user_id"), ("opened_at",)),
    ),
    apply=project,
)  # fmt: skip
