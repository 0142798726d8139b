"""Which command runs, for the audit log."""

from __future__ import annotations

from contextvars import ContextVar

command: ContextVar[str] = ContextVar("command", default="notifier")
"""As its help names it, without what is typed behind it: that may name a patient."""
