-- migrate:up
-- In the database of keys, under the same schema name. A destroyed key leaves its row behind as a tombstone.
create table subject_keys (
  subject      uuid primary key,
  key          bytea check (octet_length(key) = 32),
  destroyed_at timestamptz,
  check ((key is null) = (destroyed_at is not null))
);

do $$
begin
  execute format('grant select, insert, update on subject_keys to %I', current_schema());
  execute format('revoke delete, truncate on subject_keys from %I', current_schema());
end
$$;

-- migrate:down
drop table subject_keys;
