"""Commands for staff."""
