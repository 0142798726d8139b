"""Outgoing webhooks: who is told what happened, and what became of each telling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.db.columns import document, instant, partial_index


class WebhookEndpoint(SQLModel, table=True):
    """An address of another program. Never deleted: what was posted to it names it."""

    __tablename__ = "webhook_endpoints"
    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(max_length=500)
    secret: str = Field(max_length=120)
    """What posts are signed with; as it was shown, for both sides need it."""
    former_secret: str | None = Field(default=None, max_length=120)
    """What posts are signed with besides, until then."""
    former_until: datetime | None = instant(null=True)
    happenings: list[str] = document()
    """What it is told, by the names of `Happening`."""
    office: str | None = Field(default=None, max_length=40)
    """The one whose patients it hears of; None: all."""
    with_details: bool = False
    """Whether names, numbers and words are in it."""
    read_event: int = 0
    """All events up to this one have been looked at for it."""
    read_reply: int = 0
    created_at: datetime = instant()
    created_by: str = Field(max_length=120)
    ended_at: datetime | None = instant(null=True)
    ended_by: str | None = Field(default=None, max_length=120)


class WebhookDelivery(SQLModel, table=True):
    """One thing that happened, for one endpoint. It holds ids alone: no name, number or words."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "source"),
        partial_index(
            "ix_webhook_deliveries_open", "endpoint_id", "id", where="delivered_at IS NULL AND given_up_at IS NULL"
        ),
        partial_index("ix_webhook_deliveries_at", "at", where="delivered_at IS NOT NULL OR given_up_at IS NOT NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    endpoint_id: int = Field(sa_column=Column(ForeignKey("webhook_endpoints.id"), nullable=False))
    source: str = Field(max_length=40)
    """The row that it tells of, such as `event:7`; with it a post made again has the same id."""
    happening: str = Field(max_length=40)
    patient: int | None = None
    """The first enrollment on the patient's number: posts about one patient keep their order."""
    ids: dict[str, Any] = document()
    at: datetime = instant()
    """When it happened."""
    tries: int = 0
    next_at: datetime = instant()
    delivered_at: datetime | None = instant(null=True)
    given_up_at: datetime | None = instant(null=True)
    why: str | None = Field(default=None, max_length=200)
    """Why the last try failed."""
