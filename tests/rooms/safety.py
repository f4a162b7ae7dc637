"""What moderation and social say, for those who listen."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.moderation import SanctionLift, SanctionUser
from tests.rooms.people import ANN, NINE

JUDGE = UUID(int=9)


def imposed(kind: Any, user: UUID = ANN, **more: Any) -> SanctionUser:
    usual: dict[str, Any] = {"sanction_id": uuid4(), "reason_code": "spam", "by_user_id": JUDGE}
    return SanctionUser(kind=kind, user_id=user, **usual | more)


def lifted(sanction: SanctionUser, reason: Any = "withdrawn") -> SanctionLift:
    return SanctionLift(sanction_id=sanction.sanction_id, user_id=sanction.user_id, reason=reason)


def told(event: Event, version: int = 1, at: datetime = NINE, *, stream: str = "") -> Envelope:
    """As moderation's relay publishes it, or social's with a `stream` of its own."""
    return Envelope(
        id=uuid4(),
        name=event.NAME,
        source="/virtubar/test/moderation/1",
        subject=event.subject,
        time=at,
        schema_version=1,
        stream_id=stream or f"safety-{event.subject}",
        stream_version=version,
        position=version,
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        data=event.model_dump(mode="json"),
    )
