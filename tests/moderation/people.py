"""Who and what the tests of moderation speak of."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.moderation.deciders.measure import Measure, Moderator

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
ANN, BOB, CAT, DAN = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
MAX, MIA, OLA = UUID(int=21), UUID(int=22), UUID(int=23)  # two moderators, an operator
LOUNGE, DANCE = UUID(int=101), UUID(int=102)
REPORT, SANCTION, OTHER = UUID(int=401), UUID(int=501), UUID(int=502)
LEASE = timedelta(minutes=15)
MODERATOR, SECOND, OPERATOR = Moderator(MAX, 1), Moderator(MIA, 1), Moderator(OLA, 2)


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def measure(**changes: Any) -> Measure:
    usual: dict[str, Any] = {"sanction_id": SANCTION, "user_id": BOB, "kind": "mute", "reason_code": "harassment"}
    return Measure(**usual | changes)
