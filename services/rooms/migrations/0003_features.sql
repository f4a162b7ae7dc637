-- migrate:up
alter table room_guards add column is_locked boolean not null default false;
-- operational: the token that asked for the last ticket was a moderator's
alter table seats add column moderator boolean not null default false;

-- Who may not be heard or read in a room.
create table room_mutes (
  room_id    uuid not null references rooms (id),
  user_id    uuid not null,
  by_user_id uuid not null,
  muted_at   timestamptz not null,
  until      timestamptz,               -- null: until further notice
  primary key (room_id, user_id)
);
create index room_mutes_by_user on room_mutes (user_id);

-- Whom a host has shown the door, and until when. Operational: a door of a room, and forgotten when it is over.
create table room_kicks (
  room_id uuid not null references rooms (id),
  user_id uuid not null,
  until   timestamptz not null,
  primary key (room_id, user_id)
);
create index room_kicks_by_user on room_kicks (user_id);
create index room_kicks_over on room_kicks (until);

-- One-use ways in. Locked before the room's guard by whoever uses one.
create table invites (
  id              uuid primary key,
  room_id         uuid not null references rooms (id),
  inviter_user_id uuid not null,
  user_id         uuid,                 -- null: for anyone
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  used_by         uuid,
  used_visit      uuid,
  token_hash      bytea                 -- operational, like every digest
);
create unique index invites_by_token on invites (token_hash) where token_hash is not null;
create index invites_by_inviter on invites (inviter_user_id, created_at);
create index invites_by_user on invites (user_id) where user_id is not null;
create index invites_by_guest on invites (used_by) where used_by is not null;
create index invites_by_room on invites (room_id);

-- What is known of people from what they publish: a replica.
create table guests (
  user_id       uuid primary key,
  interests     text[] not null,
  locale        text not null,
  privacy_level text not null,
  place         bigint not null         -- in the profile's stream
);

-- migrate:down
drop table guests, invites, room_kicks, room_mutes;
alter table seats drop column moderator;
alter table room_guards drop column is_locked;
