"""asyncpg's types under the names the code uses. Every SQL text here is unqualified: search_path is the schema."""

from asyncpg import Connection, Record
from asyncpg.pool import Pool, PoolConnectionProxy

__all__ = ["Db", "Pool", "Record"]

Db = Connection[Record] | PoolConnectionProxy[Record]
