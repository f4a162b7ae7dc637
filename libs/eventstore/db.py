"""asyncpg's types under the names the code uses. Every SQL text here is unqualified: search_path is the schema."""

from typing import TypeAlias

from asyncpg import Connection, Record
from asyncpg.pool import Pool, PoolConnectionProxy

__all__ = ["Connection", "Db", "Pool", "PoolConnectionProxy", "Record"]

# quoted: asyncpg's classes are generic for type checkers alone
Db: TypeAlias = "Connection[Record] | PoolConnectionProxy[Record]"
