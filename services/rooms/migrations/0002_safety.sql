-- migrate:up
-- Moderation's sanctions as heard, whatever order their events came in. Holds: imposed, not lifted since, not over.
create table sanctions (
  sanction_id    uuid primary key,
  user_id        uuid not null,
  kind           text,
  room_id        uuid,         -- of a mute, kick or ban in one room
  until          timestamptz,  -- null: for good
  by_user_id     uuid,
  imposed_at     timestamptz,
  place          bigint,       -- of sanction_user in its stream; null: only the lift has been heard of so far
  lifted_place   bigint        -- of the newest sanction_lift
);
create index sanctions_by_user on sanctions (user_id);
create index sanctions_barring on sanctions (user_id)
  where kind in ('room_ban', 'suspend', 'ban') and lifted_place is null;

-- Who stands how to whom, as heard from social: kept by libs/safety/replica.py. The places are in the pair's stream.
create table pairs (
  low            uuid not null,
  high           uuid not null,
  low_blocks     boolean not null,
  high_blocks    boolean not null,
  low_mutes      boolean not null,
  high_mutes     boolean not null,
  friends        boolean not null,
  low_blocks_at  bigint not null,
  high_blocks_at bigint not null,
  low_mutes_at   bigint not null,
  high_mutes_at  bigint not null,
  friends_at     bigint not null,
  primary key (low, high)
);
create index pairs_by_high on pairs (high, low);

-- migrate:down
drop table pairs, sanctions;
