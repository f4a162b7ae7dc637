-- migrate:up
-- A case that was forgotten keeps its row: who reported whom, when, and what came of it, without a word.
alter table cases add column forgotten boolean not null default false;
create index cases_kept on cases (resolved_at) where resolved_at is not null and not forgotten;
create index sanctions_kept on sanctions (ended_at) where statement is not null;
create index sanctions_by_report on sanctions (report_id) where report_id is not null;

-- migrate:down
drop index sanctions_by_report, sanctions_kept, cases_kept;
alter table cases drop column forgotten;
