"""Bodies in and out. What goes out of an item and of what somebody has are the specification's columns, and more."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from annotated_types import Ge
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from libs.chassis.bodies import Body, Id, Whole
from libs.chassis.text import tidy_line
from libs.contracts.vocabulary import Cents, ItemMetadata, ItemTrait, ItemType, Sku
from libs.eventstore.db import Record
from services.inventory.deciders.item import Listing
from services.inventory.purchases import Receipt

Name = Annotated[
    str,
    StringConstraints(max_length=80, pattern=r"^[^\s\x00-\x1f\x7f-\x9f]+( [^\s\x00-\x1f\x7f-\x9f]+)*$"),
    AfterValidator(tidy_line),
    Field(description="words with single spaces between them", examples=["Espresso"]),
]
CreditReference = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+$"),
    Field(description="what it is for, as a machine knows it; once per wallet", examples=["order-4711"]),
]
Money = Annotated[Cents, Whole]
Traits = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[a-z][a-z0-9_]*$")], ItemTrait],
    Field(max_length=16, description="what clients show it by", examples=[{"glass": "cup", "warm": True}]),
]


class NewItem(Body):
    sku: Sku
    type: ItemType
    name: Name
    price_cents: Money
    metadata: Traits = {}

    def listing(self) -> Listing:
        return Listing(self.sku, self.type, self.name, self.price_cents, self.metadata)


class Purchase(Body):
    expected_price_cents: Money


class Gift(Body):
    user_id: Id
    expected_price_cents: Money


class NewCredit(Body):
    amount_cents: Annotated[Cents, Ge(1), Whole]
    reference: CreditReference


class ItemCard(BaseModel):
    """An item as the menu has it."""

    id: UUID
    sku: str
    type: ItemType
    name: str
    metadata: ItemMetadata
    price_cents: int
    active: bool = Field(description="false once it is sold no more")

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**row)


class Owned(BaseModel):
    """Something somebody has."""

    id: UUID
    user_id: UUID
    item_id: UUID
    acquired_at: datetime
    sku: str
    type: ItemType
    name: str
    metadata: ItemMetadata

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**row)


class Bought(BaseModel):
    """What was bought, for whom, and what is left in the wallet that paid."""

    id: UUID
    user_id: UUID = Field(description="who has it now")
    item_id: UUID
    acquired_at: datetime
    sku: str
    type: ItemType
    name: str
    price_cents: int
    balance_cents: int

    @classmethod
    def of(cls, receipt: Receipt, user_id: UUID) -> Self:
        return cls(
            id=receipt.id,
            user_id=user_id,
            item_id=receipt.item_id,
            acquired_at=receipt.at,
            sku=receipt.sku,
            type=receipt.type,
            name=receipt.name,
            price_cents=receipt.price_cents,
            balance_cents=receipt.balance_cents,
        )


class Balance(BaseModel):
    """What is in a wallet."""

    balance_cents: int


class Entry(BaseModel):
    """One movement of a wallet: what came in, or (below nothing) went out."""

    id: UUID
    amount_cents: int
    balance_cents: int = Field(description="afterwards")
    reference: str = Field(examples=["purchase:0b0f6b0a-1d0b-5c59-8f0e-3a6d1c0d7e21"])
    entered_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**{name: row[name] for name in cls.model_fields})
