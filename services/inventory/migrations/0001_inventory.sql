-- migrate:up
-- What can be bought: exactly the specification's columns.
create table inventory_items (
  id          uuid primary key,
  sku         text not null unique,
  type        text not null,
  name        text not null,
  metadata    jsonb not null,
  price_cents integer not null check (price_cents >= 0),
  active      boolean not null
);
create index inventory_items_menu on inventory_items (price_cents, id) where active;

-- Who has what: exactly the specification's columns. identity owns users.
create table user_inventory (
  id          uuid primary key,
  user_id     uuid not null,
  item_id     uuid not null references inventory_items (id),
  acquired_at timestamptz not null
);
create index user_inventory_newest on user_inventory (user_id, acquired_at desc, id desc);

-- One row per person, locked before anything is appended that moves their money or brings them things. It alone says
-- whose account it is: once the person is erased, nothing in the ledger does.
create table wallets (
  user_id       uuid primary key,
  account_id    uuid not null unique,
  balance_cents integer not null check (balance_cents >= 0)
) with (fillfactor = 50);

-- The ledger, double entry: what moved, and on two lines from where to where. The house's accounts have no balance of
-- their own, which everybody who buys would have to lock; they are the sums of their lines.
create table ledger_entries (
  id            uuid primary key,
  account_id    uuid not null,             -- the wallet's
  number        bigint not null,           -- its place in the wallet's stream
  reference     text not null,             -- what for; once per wallet, whatever else is forgotten
  balance_cents integer not null,          -- of the wallet afterwards
  entered_at    timestamptz not null,
  unique (account_id, number),
  unique (account_id, reference)
);
create table ledger_lines (
  entry_id     uuid not null references ledger_entries (id),
  account_id   uuid not null,
  amount_cents integer not null,
  primary key (entry_id, account_id)
);
create index ledger_lines_by_account on ledger_lines (account_id);

-- Whose account is closed for now, as identity told it last.
create table suspensions (
  user_id   uuid primary key,
  suspended boolean not null,
  version   bigint not null                -- of identity's stream
);

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
drop table pairs, suspensions, ledger_lines, ledger_entries, wallets, user_inventory, inventory_items;
