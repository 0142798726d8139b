"""What booking systems post to us: from where, each post as it came, and how new is what is known of a booking."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Text, UniqueConstraint, text
from sqlmodel import Field, Index, SQLModel

from notifier.db.columns import instant, partial_index


class HookSource(SQLModel, table=True):
    """A booking system that posts here. Never deleted: what it posted names it."""

    __tablename__ = "hook_sources"
    __table_args__ = (partial_index("uq_hook_sources_name", "name", where="ended_at IS NULL", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40)
    kind: str = Field(max_length=20)
    """How it signs, by the names of `HookKind`."""
    mapping: str | None = Field(default=None, max_length=40)
    """How its posts are read; None: their keys are the columns of our own import."""
    consent: str = Field(default="", max_length=200)
    """How its patients agreed to texts, where a post does not say it."""
    secret: str = Field(max_length=120)
    former_secret: str | None = Field(default=None, max_length=120)
    """What it may sign with besides, until then."""
    former_until: datetime | None = instant(null=True)
    created_at: datetime = instant()
    created_by: str = Field(max_length=120)
    ended_at: datetime | None = instant(null=True)
    ended_by: str | None = Field(default=None, max_length=120)
    busy_until: datetime | None = instant(null=True)
    """One worker at a time takes its posts."""


class HookEvent(SQLModel, table=True):
    """One post, as it came. It goes after 30 days: names and numbers are in it."""

    __tablename__ = "hook_events"
    __table_args__ = (
        UniqueConstraint("source_id", "event_id"),
        Index("ix_hook_events_received_at", "received_at"),
        partial_index("ix_hook_events_open", "source_id", "id", where="state IN ('waiting', 'failed')"),
    )
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(sa_column=Column(ForeignKey("hook_sources.id"), nullable=False))
    event_id: str = Field(max_length=200)
    """The other system's own; a post that is made again has the same."""
    body: str = Field(sa_column=Column(Text, nullable=False))
    signed_at: datetime | None = instant(null=True)
    """When it was signed, where the signature says so."""
    received_at: datetime = instant()
    state: str = Field(default="waiting", max_length=20, sa_column_kwargs={"server_default": text("'waiting'")})
    """waiting, taken, passed by, superseded, failed"""
    booking: str | None = Field(default=None, max_length=100)
    """The booking that it is about; the first where there are several."""
    why: str | None = Field(default=None, max_length=400)
    """Why it failed."""


class HookBooking(SQLModel, table=True):
    """Up to when a booking is known: an older post says nothing new of it."""

    __tablename__ = "hook_bookings"
    source_id: int = Field(sa_column=Column(ForeignKey("hook_sources.id"), primary_key=True))
    booking: str = Field(primary_key=True, max_length=100)
    external_id: str = Field(max_length=100)
    """Under which it is enrolled: a booking that was made anew keeps the id of the first."""
    at: datetime = instant()
