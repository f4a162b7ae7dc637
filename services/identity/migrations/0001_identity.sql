-- migrate:up
-- The specification's table, its columns and no others.
create table users (
  id                    uuid primary key,
  created_at            timestamptz not null,
  updated_at            timestamptz not null,
  email                 text unique,
  auth_provider         text not null check (auth_provider in ('google', 'facebook', 'email')),
  auth_provider_user_id text,
  status                text not null check (status in ('active', 'suspended', 'deleted')),
  last_login_at         timestamptz
);

-- Every way into an account; `users` mirrors the first one. For e-mail the subject is the address.
create table logins (
  provider  text not null check (provider in ('google', 'facebook', 'email')),
  subject   text not null,
  user_id   uuid not null references users (id),
  linked_at timestamptz not null,
  primary key (provider, subject)
);
create index logins_of_user on logins (user_id);

create table user_roles (
  user_id    uuid not null references users (id),
  role       text not null check (role in ('moderator', 'analyst', 'operator')),
  granted_at timestamptz not null,
  primary key (user_id, role)
);

-- A device that signed in, and why it no longer is.
create table sessions (
  id            uuid primary key,
  user_id       uuid not null references users (id),
  auth_provider text not null,
  device_type   text not null,
  started_at    timestamptz not null,
  ended_at      timestamptz,
  end_reason    text,
  check ((ended_at is null) = (end_reason is null))
);
create index sessions_of_user on sessions (user_id, started_at desc, id desc) where ended_at is null;

-- Below: plain tables, of no history and outside rebuild.

-- One row per session: which of its refresh tokens may be used. Every rotation rewrites it.
create table refresh_families (
  session_id uuid primary key,
  user_id    uuid not null,
  generation integer not null check (generation > 0),
  token_hash bytea not null,
  started_at timestamptz not null,
  rotated_at timestamptz not null,
  expires_at timestamptz not null
) with (fillfactor = 80);
create index refresh_families_expiry on refresh_families (expires_at);

-- One row per address: the newest code. Neither can be read back; see codes.py.
create table email_codes (
  address     bytea primary key,
  code        bytea not null,
  expires_at  timestamptz not null,
  wrong_tries smallint not null default 0,
  used_at     timestamptz
) with (fillfactor = 80);

create table throttles (
  scope      text not null,
  key        bytea not null,
  busy_until timestamptz not null,
  primary key (scope, key)
) with (fillfactor = 80);

-- Private halves are sealed; the key to them is derived from the pepper and is not here.
create table signing_keys (
  kid        text primary key,
  public_jwk jsonb not null,
  sealed     bytea not null,
  signs_from timestamptz not null
);

-- Whether a sanction's end came before its beginning; see consumers.py.
create index heard_lifts on heard (subject) where name = 'sanction_lift';

-- migrate:down
drop index heard_lifts;
drop table signing_keys, throttles, email_codes, refresh_families, sessions, user_roles, logins, users;
