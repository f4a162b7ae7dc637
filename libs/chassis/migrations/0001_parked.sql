-- migrate:up
-- Records this service could not take, and those of the same key that wait behind them. id is the order to keep.
create table parked (
  id               bigint generated always as identity primary key,
  state            text not null check (state in ('dead', 'retry', 'waiting')),
  topic            text not null,
  place            bytea not null,  -- the record's key; one of its own for what is no event: nothing waits behind that
  origin_partition integer not null,
  origin_offset    bigint not null,
  digest           bytea not null,  -- of the record: offsets are used again when a topic is made anew
  key              bytea,
  value            bytea,
  header_names     bytea[] not null,
  header_values    bytea[] not null,
  kind             text check (kind in ('contract', 'permanent')),
  reason           text,
  tries            integer not null default 0,
  first_seen       timestamptz not null,
  failed_at        timestamptz,
  unique (topic, origin_partition, origin_offset, digest),
  check ((state = 'waiting') = (reason is null))
);
create index parked_place on parked (topic, place, id);
create index parked_retry on parked (id) where state = 'retry';

-- migrate:down
drop table parked;
