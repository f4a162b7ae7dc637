-- migrate:up
-- Who is whose friend: exactly the specification's columns. One row while pending, from whoever asks to whoever is
-- asked; two when accepted, one for each.
create table friendships (
  user_id        uuid not null,
  friend_user_id uuid not null,
  status         text not null check (status in ('pending', 'accepted')),
  created_at     timestamptz not null,
  unique (user_id, friend_user_id)
);
create index friendships_newest on friendships (user_id, created_at desc, friend_user_id desc);
create index friendships_asked on friendships (user_id, created_at desc, friend_user_id desc)
  where status = 'pending';
create index friendships_asking on friendships (friend_user_id, created_at desc, user_id desc)
  where status = 'pending';

-- Exactly the specification's columns; the id is that of the event.
create table blocks (
  id              uuid primary key,
  blocker_user_id uuid not null,
  blocked_user_id uuid not null,
  created_at      timestamptz not null,
  unique (blocker_user_id, blocked_user_id)
);
create index blocks_newest on blocks (blocker_user_id, created_at desc, blocked_user_id desc);
create index blocks_by_blocked on blocks (blocked_user_id, blocker_user_id);

-- Whom somebody no longer hears or reads.
create table mutes (
  muter_user_id uuid not null,
  muted_user_id uuid not null,
  created_at    timestamptz not null,
  primary key (muter_user_id, muted_user_id)
);
create index mutes_newest on mutes (muter_user_id, created_at desc, muted_user_id desc);
create index mutes_by_muted on mutes (muted_user_id, muter_user_id);

-- One row per person, locked before they get another friend. Operational.
create table friend_guards (
  user_id     uuid primary key,
  asked_until timestamptz not null default 'epoch'  -- when the bucket of their friend requests has run empty
) with (fillfactor = 50);

-- migrate:down
drop table friend_guards, mutes, blocks, friendships;
