-- migrate:up
-- Run as the schema's owner with search_path = the schema; the service's own role bears the schema's name.

-- One row per stream: how far it is, and what its events come to. A null state, or one of another schema, is folded anew.
create table streams (
  stream_id    text primary key,
  kind         text not null,
  version      bigint not null check (version > 0),
  state        jsonb,
  state_schema integer not null
) with (fillfactor = 80);  -- every append rewrites its row: leave room on the page, so that no index is touched

-- The log. CACHE 1 is load-bearing: readers skip a hole in pos only because numbers are drawn in order, under the
-- table's lock (feed.py). Only the append draws them.
create table events (
  pos            bigint generated always as identity (cache 1) primary key,
  stream_id      text not null,
  version        bigint not null,
  event_id       uuid not null unique,
  name           text not null,
  schema_version smallint not null,
  subject        uuid not null,
  data           jsonb not null,
  meta           jsonb not null,
  recorded_at    timestamptz not null,
  unique (stream_id, version)
);

-- The inbox: what other services told us, once each, for as long as our replicas must be rebuildable.
create table heard (
  arrival        bigint generated always as identity (cache 1) primary key,
  event_id       uuid not null unique,
  name           text not null,
  schema_version smallint not null,
  source         text not null,
  position       bigint not null,
  subject        uuid not null,
  stream_id      text not null,
  stream_version bigint not null,
  data           jsonb not null,
  occurred_at    timestamptz not null,
  heard_at       timestamptz not null default now()
);

-- What an Idempotency-Key was answered with.
create table idempotency (
  user_id     uuid not null,
  key         text not null,
  fingerprint bytea not null,
  status      smallint not null,
  resource    text,
  recorded_at timestamptz not null,
  primary key (user_id, key)
);
create index idempotency_age on idempotency (recorded_at);

-- How far the relay has published, and which leader may say so.
create table relay_cursor (
  name  text primary key,
  pos   bigint not null,
  epoch bigint not null
);

-- A restored backup uses positions again; the timeline in ce_source tells its events from the lost ones.
create table timeline (
  number     integer primary key,
  started_at timestamptz not null default now()
);
insert into timeline (number) values (1);

-- Append-only is a grant, not a habit.
do $$
begin
  execute format('grant select, insert, update, delete on streams, idempotency, relay_cursor to %I', current_schema());
  execute format('grant select, insert on events, heard to %I', current_schema());
  execute format('grant select on timeline to %I', current_schema());
  execute format('revoke update, delete, truncate on events, heard, timeline from %I', current_schema());
  execute format('revoke insert on timeline from %I', current_schema());
end
$$;

-- migrate:down
drop table timeline, relay_cursor, idempotency, heard, events, streams;
