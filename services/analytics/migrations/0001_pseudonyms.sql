-- migrate:up
-- Who an analyst's somebody is. Random, so that nothing but this table leads back; a row without a pseudonym is somebody
-- who was erased, kept so that what arrives late does not make them anew.
create table pseudonyms (
  user_id    uuid primary key,
  pseudonym  uuid unique default gen_random_uuid(),
  erased_at  timestamptz,
  check ((pseudonym is null) = (erased_at is not null))
);

do $$
begin
  execute format('grant select, insert, update on pseudonyms to %I', current_schema());
  execute format('revoke delete, truncate on pseudonyms from %I', current_schema());
end
$$;

-- migrate:down
drop table pseudonyms;
