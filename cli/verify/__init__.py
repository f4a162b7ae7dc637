"""Nothing lost, nothing doubled, nothing changed: event stores, topics, lake and tables against one another.

An upper position per service is fixed first (horizon.py); what is below it has to arrive, in bounded time. Then all of
it is read (committed.py, told.py, the lake by DuckDB itself) into one ledger and compared in SQL (compare.py), while
streams and tables are compared with what their events come to (tables.py).
"""
