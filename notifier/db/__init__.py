"""The tables, and the queries that more than one use case needs."""
