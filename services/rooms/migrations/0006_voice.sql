-- migrate:up
-- Microphones at a media server, of visits that go on. A closed one stays, for what is told of it late.
create table microphones (
  visit_id  uuid not null,
  track     text not null,
  room_id   uuid not null,
  user_id   uuid not null,
  opened_at timestamptz,                -- null: only its end has been told so far
  closed    boolean not null,
  primary key (visit_id, track)
);
create index microphones_open on microphones (room_id) where not closed;
create index microphones_by_user on microphones (user_id);

-- What a media server has told, by its own id: taken once. Operational, and forgotten after a while.
create table voice_webhooks (
  event_id text primary key,
  taken_at timestamptz not null
);
create index voice_webhooks_old on voice_webhooks (taken_at);

-- When somebody last went to look at who is in a LiveKit room, and when last was told. Operational.
create table voice_looks (
  room_id    uuid primary key,
  claimed_at timestamptz not null,
  looked_at  timestamptz
);

-- migrate:down
drop table voice_looks, voice_webhooks, microphones;
