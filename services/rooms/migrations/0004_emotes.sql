-- migrate:up
-- The emotes people have, as heard from inventory: a replica.
create table owned_emotes (
  user_id uuid not null,
  sku     text not null,
  primary key (user_id, sku)
);

-- migrate:down
drop table owned_emotes;
