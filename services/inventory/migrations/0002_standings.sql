-- migrate:up
-- How accounts stand: the table and the words that libs/safety/standings.py keeps in every service that asks.
alter table suspensions rename to standings;
alter table standings rename column version to place;
alter index suspensions_pkey rename to standings_pkey;

-- migrate:down
alter index standings_pkey rename to suspensions_pkey;
alter table standings rename column place to version;
alter table standings rename to suspensions;
