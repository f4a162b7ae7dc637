"""Bodies in and out of one report, as moderators have it."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from libs.chassis.bodies import Body, Id
from libs.contracts.vocabulary import ReportOutcome, ReportType
from services.moderation.cases import CaseFile
from services.moderation.queries import Status
from services.moderation.schemas import Text
from services.moderation.sealed import Sealed, SealState


class HandedInEvidence(BaseModel):
    evidence_id: UUID
    media_type: str
    bytes: int
    url: str = Field(description="where a moderator may look at it")


class SealedEvidence(BaseModel):
    """What happened in the room in the two minutes before the report, as far as its owner still knew."""

    status: SealState = Field(
        description="not_sealed: nothing so far, or nobody saw anything; missing, altered: the object is gone, or is "
        "not what was sealed; key_destroyed: the case's time is over; unavailable: the object store is away"
    )
    verified: bool = Field(description="the document's SHA-256 is the one that was told when it was sealed")
    sha256: str | None = Field(default=None, description="of the document as canonical JSON (RFC 8785)")
    room_id: UUID | None = None
    from_: datetime | None = Field(default=None, alias="from")
    to: datetime | None = None
    document: dict[str, Any] | None = Field(default=None, description="docs/evidence.md says what is in it")

    @classmethod
    def of(cls, sealed: Sealed) -> Self:
        told: dict[str, Any] = {"status": sealed.state, "verified": sealed.document is not None}
        if row := sealed.row:
            told |= {"sha256": row["sha256"], "room_id": row["room_id"], "from": row["from_at"], "to": row["to_at"]}
        return cls(**told, document=sealed.document)


class CaseNote(BaseModel):
    by_user_id: UUID
    written_at: datetime
    note: str | None


class Happened(BaseModel):
    event: str
    at: datetime
    by_user_id: UUID | None


class Case(BaseModel):
    """A report with all there is about it. Texts are null once their key has been destroyed."""

    id: UUID
    reporter_user_id: UUID
    reported_user_id: UUID
    room_id: UUID | None
    report_type: ReportType
    description: str | None
    evidence: HandedInEvidence | None
    sealed_evidence: SealedEvidence
    status: Status
    created_at: datetime
    claimed_by: UUID | None
    claimed_until: datetime | None
    resolved_by: UUID | None
    resolved_at: datetime | None
    outcome: ReportOutcome | None
    sanction_id: UUID | None
    notes: list[CaseNote]
    history: list[Happened]

    @classmethod
    def of(cls, file: CaseFile) -> Self:
        row = dict(file.row)
        evidence = None
        if row["evidence_id"] and row["evidence_media_type"]:
            evidence = HandedInEvidence(
                evidence_id=row["evidence_id"],
                media_type=row["evidence_media_type"],
                bytes=row["evidence_bytes"],
                url=f"/v1/moderation/reports/{row['id']}/evidence",
            )
        return cls(
            **{name: row[name] for name in cls.model_fields if name in row and name != "description"},
            description=file.description,
            evidence=evidence,
            sealed_evidence=SealedEvidence.of(file.sealed),
            notes=[CaseNote(by_user_id=n.by_user_id, written_at=n.written_at, note=n.note) for n in file.notes],
            history=[Happened(event=h["name"], at=h["at"], by_user_id=h["by_user_id"]) for h in file.history],
        )


class Resolution(Body):
    outcome: ReportOutcome
    sanction_id: Id | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.outcome == "sanctioned") != (self.sanction_id is not None):
            raise ValueError("sanction_id belongs to the outcome sanctioned, and to no other")
        return self
