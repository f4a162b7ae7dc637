"""Reporting people, judging reports, and what stands against oneself."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from clients.python.account import Account
from clients.python.pages import Page, every


class Filed(Struct, frozen=True):
    id: UUID
    status: str


class MyReport(Struct, frozen=True, kw_only=True):
    id: UUID
    reported_user_id: UUID
    report_type: str
    status: str
    created_at: datetime
    room_id: UUID | None = None
    description: str | None = None


class SealedEvidence(Struct, frozen=True, kw_only=True):
    """What a room's owner sealed; docs/evidence.md says what is in a document, and what each status means."""

    status: str
    verified: bool
    sha256: str | None = None
    document: dict[str, Any] | None = None


class Case(Struct, frozen=True, kw_only=True):
    """A report as moderators see it."""

    id: UUID
    reporter_user_id: UUID
    reported_user_id: UUID
    report_type: str
    status: str
    created_at: datetime
    room_id: UUID | None = None
    description: str | None = None
    claimed_by: UUID | None = None
    outcome: str | None = None
    sanction_id: UUID | None = None
    sealed_evidence: SealedEvidence | None = None


class Queued(Struct, frozen=True, kw_only=True):
    """Somebody who was reported, and by how many different people."""

    user_id: UUID
    priority: int
    reports: int
    reporters: int
    report_types: list[str] = []


class Sanction(Struct, frozen=True, kw_only=True):
    """`until` None: for good, or over at once. `statement`: the reasons, as the person is told them."""

    id: UUID
    kind: str
    reason_code: str
    state: str
    imposed_at: datetime
    room_id: UUID | None = None
    statement: str | None = None
    until: datetime | None = None
    ended_at: datetime | None = None


class Safety:
    """For everybody. All of it raises Refused (`self`, `report_exists` …), Unreachable."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def report(
        self, user: UUID, report_type: str, description: str | None = None, *, room: UUID | None = None
    ) -> Filed:
        """harassment, spam, hate or other. Nobody but moderators reads it; the person is not told who it was."""
        body: dict[str, Any] = {"reported_user_id": str(user), "report_type": report_type}
        body |= {"description": description} if description else {}
        body |= {"room_id": str(room)} if room else {}
        return await self._account.ask(Filed, "POST", "/v1/reports", key=uuid4(), json=body)

    def reports(self) -> AsyncIterator[MyReport]:
        """Those I filed."""
        return every(self._account, Page[MyReport], "/v1/reports/mine")

    def sanctions(self) -> AsyncIterator[Sanction]:
        """Those against me."""
        return every(self._account, Page[Sanction], "/v1/sanctions/mine")


class Desk:
    """For moderators. All of it raises Refused (`claimed`, `not_claimant`, `outranked` …), Unreachable."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def queue(self, status: str | None = None) -> AsyncIterator[Queued]:
        """The gravest first."""
        return every(self._account, Page[Queued], "/v1/moderation/reports", status=status)

    async def case(self, report: UUID) -> Case:
        return await self._account.ask(Case, "GET", f"/v1/moderation/reports/{report}")

    async def claim(self, report: UUID) -> Case:
        """Mine for a while."""
        return await self._account.ask(Case, "POST", f"/v1/moderation/reports/{report}/claim")

    async def release(self, report: UUID) -> Case:
        return await self._account.ask(Case, "POST", f"/v1/moderation/reports/{report}/release")

    async def resolve(self, report: UUID, outcome: str, sanction: UUID | None = None, note: str | None = None) -> Case:
        """no_action, duplicate, or sanctioned with the sanction."""
        body = {"outcome": outcome} | ({"sanction_id": str(sanction)} if sanction else {})
        body |= {"note": note} if note else {}
        return await self._account.ask(Case, "POST", f"/v1/moderation/reports/{report}/resolve", json=body)

    async def sanction(self, user: UUID, kind: str, reason_code: str, statement: str, **more: Any) -> Sanction:
        """warn, mute, kick, room_ban, suspend or ban. `more`: room_id, seconds, report_id."""
        body = {"user_id": str(user), "kind": kind, "reason_code": reason_code, "statement": statement}
        body |= {name: str(value) if isinstance(value, UUID) else value for name, value in more.items()}
        return await self._account.ask(Sanction, "POST", "/v1/moderation/sanctions", key=uuid4(), json=body)

    async def withdraw(self, sanction: UUID) -> None:
        await self._account.ask(type(None), "DELETE", f"/v1/moderation/sanctions/{sanction}")
