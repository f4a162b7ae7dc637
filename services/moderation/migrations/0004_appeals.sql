-- migrate:up
-- One for a sanction. The text is sealed under its author's key and the sanction's, the answer under the sanction's.
create table appeals (
  id                 uuid primary key,
  sanction_id        uuid not null unique references sanctions (id),
  user_id            uuid not null,
  text               text,                -- null once its author is erased
  state              text not null check (state in ('open', 'upheld', 'rejected')),
  opened_at          timestamptz not null,
  decided_by_user_id uuid,
  decided_at         timestamptz,
  statement          text
);
create index appeals_open on appeals (opened_at, id) where state = 'open';
create index appeals_of on appeals (user_id) where text is not null;

-- migrate:down
drop table appeals;
