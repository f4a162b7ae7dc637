-- migrate:up
-- What was reported and is to be sealed. Operational: filled by what is heard, and a row goes with its seal.
create table sealings (
  report_id        uuid primary key,
  room_id          uuid not null,
  reported_user_id uuid not null,
  evidence_key     text not null,
  wanted_at        timestamptz not null,  -- when it was reported
  heard_at         timestamptz not null default clock_timestamp(),
  taken_until      timestamptz            -- a node is busy with it
);

-- migrate:down
drop table sealings;
