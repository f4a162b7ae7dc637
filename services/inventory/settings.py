"""What can be set about inventory, with defaults fit for production."""

from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Gt

from libs.chassis.settings import Settings
from libs.contracts.vocabulary import Cents


class InventorySettings(Settings):
    """`VIRTUBAR_WELCOME_CENTS` is `welcome_cents`, and so on."""

    welcome_cents: Annotated[Cents, Ge(0)] = 2_000  # what a new wallet opens with
    idempotency_hours: Annotated[float, Gt(0)] = 24.0  # an Idempotency-Key is remembered for so long

    @property
    def idempotency(self) -> timedelta:
        return timedelta(hours=self.idempotency_hours)
