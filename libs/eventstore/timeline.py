"""Which history this log is.

After a restore from a backup, positions are used again for other events. The timeline in `ce_source` tells them apart:
consumers take a source they have not heard of as a new one.
"""

from libs.eventstore.db import Db

CURRENT = "select max(number) from timeline"
# A relay that leads nevertheless holds the old source: the new epoch makes it let go after at most a page.
BUMP = """
with next as (insert into timeline (number) select max(number) + 1 from timeline returning number),
     deposed as (update relay_cursor set epoch = epoch + 1)
select number from next
"""


async def current(db: Db) -> int:
    number: int = await db.fetchval(CURRENT)
    return number


async def bump(db: Db) -> int:
    """Begin the next timeline, as the schema's owner: once after each restore, before the service is started."""
    number: int = await db.fetchval(BUMP)
    return number
