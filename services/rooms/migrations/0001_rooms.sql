-- migrate:up
-- Room metadata, not occupancy: exactly the specification's columns. What else a room needs is in room_guards.
create table rooms (
  id         uuid primary key,
  name       text,                -- Personal: null once its host is erased
  theme      text not null,
  is_private boolean not null,
  capacity   integer not null,
  region     text not null,
  created_by uuid,                -- null for the house's own rooms; identity owns users
  created_at timestamptz not null
);
create index rooms_newest on rooms (created_at desc, id desc) where not is_private;
create index rooms_by_host on rooms (created_by) where created_by is not null;

-- Visits as they were: exactly the specification's columns. The id is the visit's.
create table room_memberships (
  id          uuid primary key,
  room_id     uuid not null references rooms (id),
  user_id     uuid not null,
  joined_at   timestamptz not null,
  left_at     timestamptz,
  join_source text not null
);
create index room_memberships_by_user on room_memberships (user_id, joined_at desc);
create index room_memberships_by_room on room_memberships (room_id, joined_at desc);

-- One row per room, locked before anything is appended that takes up or frees a seat. No index on what joins change.
create table room_guards (
  room_id           uuid primary key references rooms (id),
  theme             text not null,
  region            text not null,
  created_by        uuid,
  is_private        boolean not null,
  is_open           boolean not null,
  capacity          integer not null,
  occupied          integer not null check (occupied >= 0),  -- held seats count
  -- operational: which node has the room, and how often that has changed
  owner_node        text,
  owner_incarnation bigint,
  fence             bigint not null default 0
) with (fillfactor = 50);

-- A seat held or taken: one per user over all rooms, gone when the visit is.
create table seats (
  user_id           uuid primary key,
  visit_id          uuid not null unique,
  room_id           uuid not null references rooms (id),
  state             text not null check (state in ('held', 'seated')),
  device_type       text not null,
  join_source       text not null,
  session_id        uuid not null,
  issued_at         timestamptz not null,  -- of the access token that asked for the seat
  held_at           timestamptz not null,
  expires_at        timestamptz not null,  -- of the hold
  joined_at         timestamptz,
  -- operational: the lease, and the digests of what opens the socket
  last_heartbeat    timestamptz,
  ticket_hash       bytea,
  ticket_expires_at timestamptz,
  node              text,                  -- the ticket is good there,
  fence             bigint,                -- as long as the room's fence is this
  resume_hash       bytea,
  resume_prev_hash  bytea                  -- good until the client has shown that it knows the next
) with (fillfactor = 70);
create index seats_by_room on seats (room_id, joined_at, user_id);
create index seats_held on seats (expires_at) where state = 'held';

-- The night of whoever has been in since the last session_duration.
create table nights (
  user_id  uuid primary key,
  night_id uuid not null,
  left_at  timestamptz                     -- null while a visit goes on
);
create index nights_over on nights (left_at) where left_at is not null;

-- Locked before a host opens another room.
create table host_guards (
  user_id uuid primary key
);

-- Realtime nodes, and until when they may be believed to be alive. Operational.
create table nodes (
  node_id     text primary key,
  incarnation bigint not null,
  url         text not null,
  region      text not null,
  load        double precision not null,   -- measured: 0 idle, 1 full
  accepting   boolean not null,
  lease_until timestamptz not null
) with (fillfactor = 50);

-- migrate:down
drop table nodes, host_guards, nights, seats, room_guards, room_memberships, rooms;
