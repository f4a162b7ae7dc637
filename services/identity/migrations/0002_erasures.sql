-- migrate:up
-- Who asked to be forgotten. The receipt is the id of `user_delete`.
create table erasures (
  receipt      uuid primary key,
  user_id      uuid not null unique references users (id),
  requested_at timestamptz not null
);
create index erasures_by_age on erasures (requested_at);

-- Which services have forgotten whom.
create table erasure_answers (
  user_id     uuid not null,
  service     text not null,
  answered_at timestamptz not null,
  primary key (user_id, service)
);

-- Below: plain, outside rebuild; see banlist.py.
create table ban_list (
  mark        bytea not null,
  sanction_id uuid not null,
  until       timestamptz,
  primary key (mark, sanction_id)
);
create index ban_list_of_sanction on ban_list (sanction_id);
create index ban_list_expiry on ban_list (until);

-- migrate:down
drop table ban_list, erasure_answers, erasures;
