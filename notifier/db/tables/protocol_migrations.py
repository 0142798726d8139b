"""Running patients who were moved to another version of their protocol: when, from what, and whether taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class ProtocolMigration(SQLModel, table=True):
    """One decision to move the running patients of a protocol."""

    __tablename__ = "protocol_migrations"
    __table_args__ = (Index("ix_protocol_migrations_protocol", "protocol"),)
    id: int | None = Field(default=None, primary_key=True)
    protocol: str = Field(max_length=40)
    by: str = Field(max_length=120)
    at: datetime = instant()
    undone_at: datetime | None = instant(null=True)
    undone_by: str | None = Field(default=None, max_length=120)


class MigratedEnrollment(SQLModel, table=True):
    """One patient whom it moved."""

    __tablename__ = "migrated_enrollments"
    __table_args__ = (Index("ix_migrated_enrollments_enrollment", "enrollment_id"),)
    migration_id: int = Field(sa_column=Column(ForeignKey("protocol_migrations.id"), primary_key=True))
    enrollment_id: int = Field(sa_column=Column(ForeignKey("enrollments.id"), primary_key=True))
    from_version: str = Field(max_length=12)
    to_version: str = Field(max_length=12)
    misinformed: bool
    """Whether a text had said by then what the new version says otherwise."""


class CorrectionWording(SQLModel, table=True):
    """What a correction says in one language to those whom a version found told otherwise: one row for each edit."""

    __tablename__ = "correction_wordings"
    __table_args__ = (Index("ix_correction_wordings_version", "protocol", "version"),)
    id: int | None = Field(default=None, primary_key=True)
    protocol: str = Field(max_length=40)
    version: str = Field(max_length=12)
    """The one that patients were moved to, and that the words are right by."""
    language: str = Field(max_length=8)
    words: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = instant()
    by: str = Field(max_length=120)
    approved_at: datetime | None = instant(null=True)
    approved_by: str | None = Field(default=None, max_length=120)
