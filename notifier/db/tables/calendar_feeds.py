"""Calendars that are polled: their addresses, and what became of the last look."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from notifier.db.columns import instant, partial_index


class CalendarFeed(SQLModel, table=True):
    """The address of an iCalendar file. Whoever knows it reads it, so it is shown to nobody."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (partial_index("uq_calendar_feeds_name", "name", where="ended_at IS NULL", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40)
    url: str = Field(max_length=1000)
    mapping: str = Field(max_length=40)
    consent: str = Field(default="", max_length=200)
    """How its patients agreed to texts, where no event says it."""
    allow_private: bool = False
    """Whether it may stand on the clinic's own network."""
    etag: str | None = Field(default=None, max_length=200)
    last_modified: str | None = Field(default=None, max_length=100)
    checked_at: datetime | None = instant(null=True)
    why: str | None = Field(default=None, max_length=400)
    """Why the last look failed."""
    created_at: datetime = instant()
    created_by: str = Field(max_length=120)
    ended_at: datetime | None = instant(null=True)
    ended_by: str | None = Field(default=None, max_length=120)
