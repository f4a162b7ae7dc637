-- migrate:up
-- Who is gone for good: what arrives about them later, by request or by topic, makes nothing anew. Ids alone.
create table erased (
  subject   uuid primary key,
  erased_at timestamptz not null default now()
);

do $$
begin
  execute format('grant select, insert on erased to %I', current_schema());
  execute format('revoke update, delete, truncate on erased from %I', current_schema());
end
$$;

-- migrate:down
drop table erased;
