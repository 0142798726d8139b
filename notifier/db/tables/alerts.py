"""Alerts: what somebody at the clinic must know, since when, and whether it has reached them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from notifier.db.columns import instant, partial_index


class AlertChannel(SQLModel, table=True):
    """A way to tell somebody, and whether it has ever worked; without its address."""

    __tablename__ = "alert_channels"
    id: str = Field(primary_key=True, max_length=40)
    """Its name and a hash of its address: another address is another channel."""
    told_at: datetime | None = instant(null=True)
    """When it last took a notice."""
    failed_at: datetime | None = instant(null=True)
    why: str | None = Field(default=None, max_length=400)
    """Why it did not, when it last failed."""


class Alert(SQLModel, table=True):
    """One cause, from when it was found until it is gone. Without phone numbers, names or texts."""

    __tablename__ = "alerts"
    __table_args__ = (
        # Two workers that find the same cause write it down once.
        partial_index("ix_alerts_open", "cause", where="cleared_at IS NULL", unique=True),
    )
    id: int | None = Field(default=None, primary_key=True)
    cause: str = Field(max_length=80)
    """What makes it the same alert when it is found again, such as `circuit` or `urgent-17`."""
    why: str = Field(max_length=400)
    """A sentence for people."""
    opened_at: datetime = instant()
    tried_at: datetime | None = instant(null=True)
    """When somebody last began to tell it."""
    tries: int = 0
    """How often in vain since it last got through."""
    told_at: datetime | None = instant(null=True)
    """When it last got through."""
    cleared_at: datetime | None = instant(null=True)
