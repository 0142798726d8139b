"""Recoveries: why texts wait for a person, after an outage or after a backup was put in place."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from notifier.db.columns import enum_column, instant, partial_index


class RecoveryKind(StrEnum):
    """What was found."""

    LATE = "late"
    """Many texts were late: those wait, newer ones go on."""
    RESTORED = "restored"
    """The tables are a backup's: nothing at all leaves before Twilio was asked what left since."""


class Recovery(SQLModel, table=True):
    """One reason why texts wait for `notifier recover`; open until a person has looked."""

    __tablename__ = "recoveries"
    __table_args__ = (
        # Two workers that come back from the same outage find it once.
        partial_index("ix_recoveries_open", "kind", where="ended_at IS NULL", unique=True),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: RecoveryKind = Field(sa_column=Column(enum_column(RecoveryKind), nullable=False))
    up_to: datetime = instant()
    """LATE: texts that were due by then wait. RESTORED: the tables know what happened by then, and nothing later."""
    texts: int = 0
    """LATE: how many there were when they were found."""
    at: datetime = instant()
    by: str = Field(max_length=120)
    ended_at: datetime | None = instant(null=True)
    ended_by: str | None = Field(default=None, max_length=120)
