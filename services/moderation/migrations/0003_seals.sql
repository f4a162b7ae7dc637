-- migrate:up
-- What rooms has sealed for reports: a replica. The document lies in the object store, sealed under the case's key.
create table seals (
  report_id uuid primary key,
  room_id   uuid not null,
  sha256    text not null,                -- of the document, and with the report the object's name
  from_at   timestamptz not null,
  to_at     timestamptz not null
);

-- migrate:down
drop table seals;
