"""Protocols tried on a staff member's own phone: whose number is proved, what was tried, and what came back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class StaffPhone(SQLModel, table=True):
    """The number of an account, proved by a code that was texted to it and typed."""

    __tablename__ = "staff_phones"
    __table_args__ = (Index("ix_staff_phones_phone", "phone"),)
    staff_id: int = Field(sa_column=Column(ForeignKey("staff.id"), primary_key=True))
    phone: str = Field(max_length=20)
    code: str | None = Field(default=None, max_length=6)
    """What was texted and waits to be typed; plain, for the outbox has it too. None once it was typed."""
    asked_at: datetime = instant()
    wrong: int = 0
    """How many wrong codes were typed since."""
    proved_at: datetime | None = instant(null=True)


class Tryout(SQLModel, table=True):
    """One time that test texts, or a code, were asked for: what the limit counts."""

    __tablename__ = "tryouts"
    __table_args__ = (Index("ix_tryouts_staff", "staff_id", "at"), Index("ix_tryouts_phone", "phone", "at"))
    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(sa_column=Column(ForeignKey("staff.id"), nullable=False))
    phone: str = Field(max_length=20)
    protocol: str | None = Field(default=None, max_length=40)
    """None: a code."""
    version: str | None = Field(default=None, max_length=12)
    language: str | None = Field(default=None, max_length=8)
    texts: int
    at: datetime = instant()
    by: str = Field(max_length=120)


class TryoutReply(SQLModel, table=True):
    """What came back from a staff member's proved number: no patient's words, so it is no work and in no count."""

    __tablename__ = "tryout_replies"
    sid: str = Field(primary_key=True, max_length=40)
    staff_id: int = Field(sa_column=Column(ForeignKey("staff.id"), nullable=False))
    at: datetime = instant()
    meaning: str = Field(max_length=16)
