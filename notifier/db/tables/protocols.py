"""What a clinician stands behind, and what must not be sent for now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text, true
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class ProtocolVersion(SQLModel, table=True):
    """A protocol's full content as it was when somebody was enrolled on it or approved it."""

    __tablename__ = "protocol_versions"
    protocol: str = Field(primary_key=True, max_length=40)
    version: str = Field(primary_key=True, max_length=12)
    content: str = Field(sa_column=Column(Text, nullable=False))
    stored_at: datetime = instant()


class Approval(SQLModel, table=True):
    """A clinician stands behind one version of a protocol in one language."""

    __tablename__ = "approvals"
    protocol: str = Field(primary_key=True, max_length=40)
    version: str = Field(primary_key=True, max_length=12)
    language: str = Field(primary_key=True, max_length=8)
    by: str = Field(max_length=120)
    at: datetime = instant()


class Pause(SQLModel, table=True):
    """A protocol, or one of its steps, that must not be sent for now."""

    __tablename__ = "pauses"
    __table_args__ = (Index("ix_pauses_protocol", "protocol"),)
    id: int | None = Field(default=None, primary_key=True)
    protocol: str = Field(max_length=40)
    step: str | None = Field(default=None, max_length=40)
    """None: the whole protocol."""
    reason: str = Field(max_length=400)
    by: str = Field(max_length=120)
    at: datetime = instant()
    by_admin: bool = Field(default=False, sa_column_kwargs={"server_default": true()})
    """Only an admin lifts it."""
    lifted_at: datetime | None = instant(null=True)
    lifted_by: str | None = Field(default=None, max_length=120)
    lifted_why: str | None = Field(default=None, max_length=400)


class AnswerApproval(SQLModel, table=True):
    """A clinician stands behind the words of the fixed answer in one language; the last one counts."""

    __tablename__ = "answer_approvals"
    id: int | None = Field(default=None, primary_key=True)
    language: str = Field(max_length=8)
    words: str = Field(sa_column=Column(Text, nullable=False))
    """With `{clinic}` and `{phone}` not filled in."""
    by: str = Field(max_length=120)
    at: datetime = instant()
