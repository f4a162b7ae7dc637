"""What can be set about moderation, with defaults fit for production."""

from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Gt

from libs.chassis.settings import Seconds, Settings

Count = Annotated[int, Ge(1)]
Hours = Annotated[float, Gt(0)]


class ModerationSettings(Settings):
    """`VIRTUBAR_LEASE_SECONDS` is `lease_seconds`, and so on."""

    # reports
    limit_reports: Count = 20  # that one person may file in `report_window_seconds`
    report_window_seconds: Seconds = 3600.0
    hearing_seconds: Annotated[float, Ge(0)] = 1.0  # that somebody new, or a new room, may take to be heard of

    # cases
    lease_seconds: Seconds = 900.0  # a claimed report is its moderator's for so long

    retention_days: Annotated[float, Ge(180)] = 365.0  # after its end; it may be appealed for 180

    # evidence
    evidence_url: str = "memory:///"  # file:///folder, s3://bucket/prefix …: where images lie, sealed
    evidence_bytes: Count = 5 * 1024 * 1024  # of an image as it is handed in
    evidence_pixels: Count = 40_000_000
    evidence_waits_hours: Hours = 24.0  # for the report it belongs to; then it is deleted
    limit_evidence: Count = 10  # images of one person that wait for a report
    body_limit_bytes: Annotated[int, Ge(0)] = 5 * 1024 * 1024

    # the timer
    timer_seconds: Seconds = 0.5  # between two looks
    idempotency_hours: Hours = 24.0  # an Idempotency-Key is remembered for so long

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @property
    def report_window(self) -> timedelta:
        return timedelta(seconds=self.report_window_seconds)

    @property
    def retention(self) -> timedelta:
        return timedelta(days=self.retention_days)

    @property
    def evidence_waits(self) -> timedelta:
        return timedelta(hours=self.evidence_waits_hours)

    @property
    def idempotency(self) -> timedelta:
        return timedelta(hours=self.idempotency_hours)
