-- migrate:up
-- Reports: exactly the specification's columns. What else a case has is in cases.
create table reports (
  id               uuid primary key,
  reporter_user_id uuid not null,         -- identity owns users
  reported_user_id uuid not null,
  room_id          uuid,                  -- rooms owns rooms
  report_type      text not null,
  description      text,                  -- sealed under the reporter's key; null once the reporter is erased
  evidence_url     text,                  -- an object's name, sealed under the case's key
  status           text not null check (status in ('open', 'reviewing', 'resolved')),
  created_at       timestamptz not null
);
create index reports_by_reporter on reports (reporter_user_id, created_at desc, id desc);
create index reports_against on reports (reported_user_id, created_at desc, id desc);
create index reports_by_status on reports (status, reported_user_id);

-- Who works on a report, and what came of it.
create table cases (
  report_id     uuid primary key references reports (id),
  evidence_id   uuid,
  claimed_by    uuid,
  claimed_until timestamptz,
  resolved_by   uuid,
  resolved_at   timestamptz,
  outcome       text,
  sanction_id   uuid
) with (fillfactor = 80);
create index cases_claimed on cases (claimed_until) where claimed_until is not null;

-- What moderators wrote down, sealed under the case's key.
create table report_notes (
  note_id    uuid primary key,            -- the event's
  report_id  uuid not null references reports (id),
  by_user_id uuid not null,
  written_at timestamptz not null,
  note       text
);
create index report_notes_by_report on report_notes (report_id, written_at);

-- Locked before somebody files another report: the limit and the duplicate are counted under it.
create table reporter_guards (
  user_id uuid primary key
);

-- Every sanction there was. The statement of reasons is sealed under the sanction's own key.
create table sanctions (
  id                  uuid primary key,
  user_id             uuid not null,
  kind                text not null,
  room_id             uuid,
  reason_code         text not null,
  report_id           uuid,
  by_user_id          uuid not null,
  approved_by_user_id uuid,
  state               text not null
    check (state in ('needs_second_approver', 'in_force', 'done', 'expired', 'withdrawn', 'appeal')),
  imposed_at          timestamptz not null,
  until               timestamptz,
  ended_at            timestamptz,
  statement           text
) with (fillfactor = 80);
create index sanctions_of on sanctions (user_id, imposed_at desc, id desc);
create index sanctions_due on sanctions (until) where state = 'in_force' and until is not null;

-- People and rooms as others tell of them. Ids and marks alone; each mark is only ever set, so no order matters.
create table people (
  user_id    uuid primary key,
  registered boolean not null default false,
  deleted    boolean not null default false
);
create table known_rooms (
  room_id uuid primary key
);
create table roles (
  user_id uuid not null,
  role    text not null,
  held    boolean not null,
  version bigint not null,                -- of the user's stream: the latest word counts
  primary key (user_id, role)
);

-- What was handed in for a report that may still come, and what came with one. The image lies in the object store,
-- sealed under the key of evidence_id. Operational: what belongs to a case is told by its events.
create table evidence (
  evidence_id uuid primary key,
  uploaded_by uuid not null,
  object      text not null unique,       -- its name: the SHA-256 of what is stored
  media_type  text not null,
  bytes       integer not null,
  uploaded_at timestamptz not null,
  report_id   uuid references reports (id)
);
create index evidence_waiting on evidence (uploaded_at) where report_id is null;
create index evidence_by_uploader on evidence (uploaded_by, uploaded_at);

-- Who did and saw what. Written with the act itself; numbered and chained afterwards by one leader (chain.py).
-- The service may add entries and chain them, and never change what one says.
create table audit (
  entry_id      uuid primary key,
  at            timestamptz not null,
  by_user_id    uuid,                     -- null: the house itself
  action        text not null,
  object_id     uuid not null,            -- a report, a sanction, a person
  about_user_id uuid,
  detail        jsonb not null,           -- words of closed lists, ids, times
  seq           bigint unique,            -- from 1, without holes
  hash          bytea
);
create index audit_unchained on audit (at, entry_id) where seq is null;
create index audit_about on audit (about_user_id, seq desc);

-- Where the chain ends, so that a missing end is noticed.
create table audit_head (
  one  boolean primary key default true check (one),
  seq  bigint not null,
  hash bytea not null
);

do $$
begin
  execute format('revoke update, delete, truncate on audit from %I', current_schema());
  execute format('grant update (seq, hash) on audit to %I', current_schema());
  execute format('revoke delete, truncate on audit_head from %I', current_schema());
end
$$;

-- migrate:down
drop table audit_head, audit, evidence, roles, known_rooms, people, sanctions, reporter_guards, report_notes, cases,
  reports;
