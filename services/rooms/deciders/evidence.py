"""Evidence is sealed once for a report, whoever seals it and however often. Stream `evidence-{report}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.rooms import EvidenceSeal
from libs.eventstore.decider import Decider


@dataclass(frozen=True, slots=True)
class Evidence:
    """`sha256` of what was sealed first; None: nothing yet."""

    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """Say that what happened between `begins` and `ends` lies sealed on the shelf."""

    report_id: UUID
    room_id: UUID
    sha256: str
    begins: datetime
    ends: datetime


def decide(evidence: Evidence, command: Seal) -> Sequence[Event]:
    if evidence.sha256 is not None:
        return []
    return [
        EvidenceSeal(
            report_id=command.report_id,
            room_id=command.room_id,
            sha256=command.sha256,
            from_=command.begins,
            to=command.ends,
        )
    ]


def evolve(evidence: Evidence, event: Event) -> Evidence:
    return Evidence(event.sha256) if isinstance(event, EvidenceSeal) and evidence.sha256 is None else evidence


EVIDENCE: Decider[Evidence, Seal] = Decider("evidence", Evidence(), decide, evolve, state_type=Evidence)


def evidence_stream(report_id: UUID) -> str:
    return f"evidence-{report_id}"
