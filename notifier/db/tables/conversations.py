"""What staff write beside the plan: saved answers, notes on a patient, and who cannot read a message."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class SavedAnswer(SQLModel, table=True):
    """An answer that staff give often, in one or more languages."""

    __tablename__ = "saved_answers"
    __table_args__ = (UniqueConstraint("folded_title"),)
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=60)
    """What staff call it; never sent."""
    folded_title: str = Field(max_length=60)
    at: datetime = instant()
    by: str = Field(max_length=120)
    retired_at: datetime | None = instant(null=True)
    retired_by: str | None = Field(default=None, max_length=120)


class SavedWording(SQLModel, table=True):
    """The words of a saved answer in one language. An edit is a row of its own; the last approved one counts."""

    __tablename__ = "saved_wordings"
    __table_args__ = (Index("ix_saved_wordings_answer", "answer_id"),)
    id: int | None = Field(default=None, primary_key=True)
    answer_id: int = Field(sa_column=Column(ForeignKey("saved_answers.id"), nullable=False))
    language: str = Field(max_length=8)
    words: str = Field(sa_column=Column(Text, nullable=False))
    """With its placeholders not filled in."""
    at: datetime = instant()
    by: str = Field(max_length=120)
    approved_at: datetime | None = instant(null=True)
    approved_by: str | None = Field(default=None, max_length=120)


class PatientNote(SQLModel, table=True):
    """What staff wrote down about a patient for each other. Never sent, never changed."""

    __tablename__ = "patient_notes"
    __table_args__ = (Index("ix_patient_notes_enrollment", "enrollment_id"),)
    id: int | None = Field(default=None, primary_key=True)
    enrollment_id: int = Field(sa_column=Column(ForeignKey("enrollments.id"), nullable=False))
    at: datetime = instant()
    by: str = Field(max_length=120)
    text: str = Field(sa_column=Column(Text, nullable=False))


class ReplyPass(SQLModel, table=True):
    """A reply that somebody could not read, passed on to those who can. It stays open, and holds what it held."""

    __tablename__ = "reply_passes"
    reply_id: int = Field(sa_column=Column(ForeignKey("replies.id"), primary_key=True))
    language: str = Field(max_length=8)
    """That whoever reads it must know."""
    at: datetime = instant()
    by: str = Field(max_length=120)
    """Who could not read it."""
