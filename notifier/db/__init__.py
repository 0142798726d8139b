"""The tables, and the queries that more than one story needs."""
