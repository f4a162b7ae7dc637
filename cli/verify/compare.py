"""The ledger's questions. Each names what is wrong, event by event."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from cli.verify.ledger import Ledger
from cli.verify.report import Count, Report

# What the upper positions say about. Tellings of an older timeline may have any position: a restore took some back.
BELOW: Final = """
create temp view {view} as
select f.*{digest}, h.service as known, h.timeline as now, split_part(f.source, '/', 5)::int as timeline
from {table} f left join horizon h on h.service = split_part(f.source, '/', 4)
where h.service is null or f.position <= h.upper or split_part(f.source, '/', 5)::int < h.timeline
"""
COUNTS: Final = """
select name, coalesce(c.n, 0), coalesce(t.n, 0), coalesce(l.n, 0)
from (select name, count(*) as n from committed group by name) c
full join (select name, count(distinct event_id) as n from topic group by name) t using (name)
full join (select name, count(*) as n from lake group by name) l using (name)
"""
EXPIRED: Final = """
exists (from lake l join begins b using (topic, partition) where l.event_id = c.event_id and l."offset" < b.first)
"""
MISSING: Final = f"""
select c.name, 1, concat(c.name, ' ', c.event_id, ': ',
  case when in_topic then 'in its topic, not in the lake' when in_lake then 'in the lake, not in its topic'
    else 'neither in its topic nor in the lake' end, ' (', c.stream_id, ' version ', c.stream_version, ')')
from (
  select c.*, exists (from lake l where l.event_id = c.event_id) as in_lake,
    exists (from topic t where t.event_id = c.event_id) as in_topic
  from committed c
) c
where not in_lake or not (in_topic or {EXPIRED}) order by c.service, c.position
"""  # noqa: S608  # nothing here is anybody's input
DOUBLED: Final = """
select any_value(name), count(*) - 1, concat(any_value(name), ' ', event_id, ': ', count(*), ' rows in the lake, from ',
  string_agg(concat(topic, '-', partition, '@', "offset"), ', ' order by topic, partition, "offset"))
from lake group by event_id having count(*) > 1 order by 3
"""
# An erased person's events are compared by id, place and time; data only where both are of one version.
CHANGED: Final = """
select name, 1, concat(name, ' ', event_id, ': {where} has another ', array_to_string(differing, ', ')) from (
  select distinct c.name, c.event_id, list_filter([
    case when f.name is distinct from c.name then 'name' end,
    case when f.occurred_at is distinct from c.occurred_at then 'occurred_at' end,
    case when f.position is distinct from c.position then 'position' end,
    case when f.known is distinct from c.service or f.timeline > f.now then 'source' end,
    case when f.schema_version > c.schema_version then 'schema_version' end,
    case when f.stream_version is distinct from c.stream_version then 'stream_version' end,
    case when not {hidden} and f.stream_id is distinct from c.{ours}stream_id then 'stream_id' end,
    case when not {hidden} and f.subject is distinct from c.{ours}subject then 'subject' end,
    case when not {hidden} and f.schema_version = c.schema_version and f.data is distinct from c.{ours}data
      then 'data' end
  ], lambda each: each is not null) as differing
  from committed c join {table} f on f.event_id = c.event_id
) where len(differing) > 0 order by 3
"""
MISPLACED: Final = """
select l.name, 1, concat(l.name, ' ', l.event_id, ': the lake has it from ', l.topic, '-', l.partition, '@', l."offset",
  case when t.event_id is null then ', where there is no event' when t.event_id <> l.event_id
    then ', where there is another event' else concat(', where its source is ', t.source) end)
from lake l join begins b using (topic, partition) left join told t using (topic, partition, "offset")
where l."offset" >= b.first and (t.event_id, t.source) is distinct from (l.event_id, l.source) order by 3
"""
INVENTED: Final = """
select name, 0, concat(name, ' ', event_id, ': in {where}, but ',
  case when known is null then concat('nobody knows ', source) else concat('nobody at ', known, ' committed it') end)
from {table} f where (known is null or timeline >= now)
  and not exists (from committed c where c.event_id = f.event_id) order by 3
"""
TAKEN_BACK: Final = """
select count(distinct event_id)
from (select event_id, timeline, now from topic union select event_id, timeline, now from lake) f
where timeline < now and not exists (from committed c where c.event_id = f.event_id)
"""
REORDERED: Final = """
with first as (
  select * from topic qualify row_number() over (partition by event_id order by topic, partition, "offset") = 1
), followed as (
  select *, lag(position) over (partition by topic, partition, source order by "offset") as last_position,
    lag(stream_version) over (partition by topic, partition, source, stream_id order by "offset") as last_version
  from first
)
select name, 0, concat(name, ' ', event_id, ': out of order in ', topic, '-', partition, '@', "offset")
from followed where position <= last_position or stream_version <= last_version order by 3
"""
DROPPED: Final = """
select topic, 0, concat(topic, '-', partition, '@', "offset", ': no event (', reason, '), and not in the DLQ either')
from unreadable anti join aside using (topic, partition, "offset") order by 3
"""
SET_ASIDE: Final = 'select count(*) from unreadable semi join aside using (topic, partition, "offset")'


class Question(NamedTuple):
    """`sql` gives event name, how much it counts, and a sentence; `figure` is the column of Count it counts in."""

    figure: str | None
    sql: str
    rest: str


QUESTIONS: Final[Sequence[Question]] = (
    Question("missing", MISSING, "missing events"),
    Question("doubled", DOUBLED, "doubled events"),
    Question("changed", CHANGED.format(where="the lake", table="lake", ours="l_", hidden="c.erased"), "changed rows"),
    Question("changed", CHANGED.format(where="its topic", table="topic", ours="", hidden="false"), "changed records"),
    Question("changed", MISPLACED, "rows from elsewhere"),
    Question(None, INVENTED.format(where="the lake", table="lake"), "rows that nobody committed"),
    Question(None, INVENTED.format(where="its topic", table="topic"), "records that nobody committed"),
    Question(None, REORDERED, "records out of order"),
    Question(None, DROPPED, "dropped records"),
)


def compare(ledger: Ledger, report: Report) -> None:
    """Ask everything; figures and sentences go into the report."""
    ledger.db.execute(BELOW.format(view="topic", table="told", digest=""))
    ledger.db.execute(BELOW.format(view="lake", table="landed", digest=" replace (md5(f.data) as data)"))
    for name, committed, topic, lake in ledger.ask(COUNTS):
        report.events[name] = Count(committed, topic, lake)
    for figure, sql, rest in QUESTIONS:
        found = ledger.ask(sql)
        for name, weight, _ in found:
            if figure:
                count = report.events.setdefault(name, Count())
                setattr(count, figure, getattr(count, figure) + weight)
        report.name([sentence for _, _, sentence in found], rest)
    ((taken_back,),), ((set_aside,),) = ledger.ask(TAKEN_BACK), ledger.ask(SET_ASIDE)
    if taken_back:
        report.notes.append(f"{taken_back:,} events of an earlier timeline were taken back by a restore")
    if set_aside:
        report.notes.append(f"{set_aside:,} records that are no events are in the DLQ")
