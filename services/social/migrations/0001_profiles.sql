-- migrate:up
-- Who people are to each other: exactly the specification's columns. What else a profile needs is in profile_guards.
create table profiles (
  user_id       uuid primary key,           -- identity owns users
  display_name  text not null,              -- Personal, like bio: an erasure takes the row
  bio           text,
  avatar_id     text not null,
  avatar_config jsonb not null,
  interests     text[] not null,
  locale        text not null,
  privacy_level text not null,
  created_at    timestamptz not null,
  updated_at    timestamptz not null
);
create index profiles_by_interest on profiles using gin (interests);

-- One row per profile, locked before it changes. The unique index keeps names apart, finds them by their beginning and
-- puts them in order; its order is that of code points, in which the names with one beginning are neighbours.
create table profile_guards (
  user_id  uuid primary key references profiles (user_id),
  version  bigint not null,                 -- of the profile: clients ask for a card again when it has grown
  skeleton text collate "C" not null,       -- what all look-alikes of the name come to
  suffix   text collate "C" not null,       -- digits; '' for whoever came first
  unique (skeleton, suffix)
);

-- When somebody last looked at somebody's card, as far as it was told.
create table profile_opens (
  viewer_user_id  uuid not null,
  profile_user_id uuid not null,
  opened_at       timestamptz not null,
  primary key (viewer_user_id, profile_user_id)
);
create index profile_opens_by_profile on profile_opens (profile_user_id);

-- How an account stands, for whoever was ever suspended: heard from identity.
create table standings (
  user_id   uuid primary key,
  suspended boolean not null,
  place     bigint not null                 -- in the user's stream: across topics there is no order
);

-- migrate:down
drop table standings, profile_opens, profile_guards, profiles;
