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
