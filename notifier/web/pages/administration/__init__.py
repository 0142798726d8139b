"""Accounts, keys, protocols, the record, and what an admin decides."""
