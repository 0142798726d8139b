"""Stub."""
PAGES = ()
