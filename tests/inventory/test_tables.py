"""The specification's tables are exactly the specification's."""

import pytest

from tests.inventory.house import House

SPECIFIED = {
    "inventory_items": {
        "id": "uuid",
        "sku": "text",
        "type": "text",
        "name": "text",
        "metadata": "jsonb",
        "price_cents": "integer",
        "active": "boolean",
    },
    "user_inventory": {
        "id": "uuid",
        "user_id": "uuid",
        "item_id": "uuid",
        "acquired_at": "timestamp with time zone",
    },
}
CONSTRAINED = {
    "inventory_items": {"PRIMARY KEY (id)", "UNIQUE (sku)"},
    "user_inventory": {"PRIMARY KEY (id)", "FOREIGN KEY (item_id) REFERENCES inventory_items(id)"},
}
COLUMNS = """
select column_name, data_type, is_nullable from information_schema.columns
where table_schema = 'inventory' and table_name = $1"""
CONSTRAINTS = "select pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::text::regclass"


@pytest.mark.parametrize("table", SPECIFIED)
async def test_the_columns_are_exactly_the_specified_ones(house: House, table: str) -> None:
    rows = await house.pool.fetch(COLUMNS, table)
    assert {row["column_name"]: row["data_type"] for row in rows} == SPECIFIED[table]
    assert {row["is_nullable"] for row in rows} == {"NO"}
    said = {row[0] for row in await house.pool.fetch(CONSTRAINTS, table)}
    assert said >= CONSTRAINED[table]
