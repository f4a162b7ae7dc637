"""Questions to the lake that are worth asking after an evening."""

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.native.native import Native

SAMPLES: Final = {
    "what people drink": "select sku, count(*) as glasses, count(*) filter (source = 'gift') as given "
    "from item_acquire where type = 'drink' group by sku order by glasses desc limit 3",
    "how they find their room": "select join_source, count(*) as joins, count(distinct user_id) as people "
    "from room_join group by join_source order by joins desc",
    "how long a night is": "select count(*) as nights, round(avg(seconds)) as seconds, round(avg(visits), 1) as rooms "
    "from session_duration",
    "how long a report waits": "select kind, reason_code, date_diff('millisecond', r.occurred_at, s.occurred_at) as ms "
    "from report_user r join sanction_user s using (report_id) order by s.occurred_at desc limit 1",
}


def answers(native: Native) -> RenderableType:
    """Each with its answer, and the command that gives it."""
    from services.analytics.queries import Queries

    queries, shown = Queries(native.lake_url), list[RenderableType]()
    for title, sql in SAMPLES.items():
        answer = queries.ask(sql)
        table = Table(*answer.columns, box=None, header_style="dim", padding=(0, 3, 0, 0))
        for row in answer.rows:
            table.add_row(*map(str, row))
        shown += [Text(title, style="bold"), table, Text(f'virtubar sql "{sql}"', style="dim"), Text()]
    return Group(*shown)
