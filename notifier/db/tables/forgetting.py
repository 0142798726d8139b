"""Forgetting: who must not be forgotten, who was, and what the provider still has of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant, partial_index


class LegalHold(SQLModel, table=True):
    """A patient of whom nothing may be erased, until somebody lifts it."""

    __tablename__ = "legal_holds"
    __table_args__ = (Index("ix_legal_holds_enrollment", "enrollment_id"),)
    id: int | None = Field(default=None, primary_key=True)
    enrollment_id: int = Field(sa_column=Column(ForeignKey("enrollments.id"), nullable=False))
    """On which it was said; it covers the patient's others too."""
    at: datetime = instant()
    by: str = Field(max_length=120)
    lifted_at: datetime | None = instant(null=True)
    lifted_by: str | None = Field(default=None, max_length=120)


class Erasure(SQLModel, table=True):
    """One enrollment whose patient's name, number and words are gone."""

    __tablename__ = "erasures"
    __table_args__ = (partial_index("ix_erasures_open", "enrollment_id", where="overwritten_at IS NULL"),)
    enrollment_id: int = Field(sa_column=Column(ForeignKey("enrollments.id"), primary_key=True, autoincrement=False))
    at: datetime = instant()
    by: str = Field(max_length=120)
    overwritten_at: datetime | None = instant(null=True)
    """When the database's file had no trace of them any more either."""


class ProviderDeletion(SQLModel, table=True):
    """A text that the provider still keeps, of a patient who was erased."""

    __tablename__ = "provider_deletions"
    __table_args__ = (partial_index("ix_provider_deletions_open", "not_before", where="done_at IS NULL"),)
    sid: str = Field(primary_key=True, max_length=40)
    not_before: datetime = instant()
    """Before that a restored backup may have to look for it there; after a refusal, when it is asked again."""
    refused_at: datetime | None = instant(null=True)
    """When the provider first refused to delete it; None: it never has."""
    done_at: datetime | None = instant(null=True)


class RetentionApproval(SQLModel, table=True):
    """Somebody has seen whom the clinic's retention forgets, and agreed; from then on the worker does it by itself."""

    __tablename__ = "retention_approvals"
    id: int | None = Field(default=None, primary_key=True)
    days: int
    at: datetime = instant()
    by: str = Field(max_length=120)


class EvidenceSalt(SQLModel, table=True):
    """What keeps the commitments of a patient's events from being guessed. An erasure deletes it: what is sealed stays
    whole, and nobody can say of what."""

    __tablename__ = "evidence_salts"
    __table_args__ = (UniqueConstraint("enrollment_id"), UniqueConstraint("event_id"))
    id: int | None = Field(default=None, primary_key=True)
    enrollment_id: int | None = None
    """Whose events; None: of one event that is about no enrollment."""
    event_id: int | None = None
    salt: str = Field(max_length=32)
    """16 random bytes, in hex."""
