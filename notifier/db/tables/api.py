"""The keys of integrations, and the responses to their requests, for when one is sent again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.db.columns import document, instant, partial_index


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    """See patients, texts and replies."""
    ENROLL = "enroll"
    CHANGE = "change"
    """Treated, no-show, cancel, hold, resume, change; opt a number out, pause a protocol, answer a patient."""
    FORGET = "forget"
    """Hand over all that is kept of a patient, hold it for a court, erase it."""


class ApiKey(SQLModel, table=True):
    """One integration's key. Never deleted: the record of what it did names it."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("key_hash"),
        partial_index("ix_api_keys_name", "name", where="revoked_at IS NULL", unique=True),
    )
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=60)
    key_hash: str = Field(max_length=64)
    """SHA-256 of the key, in hex: a key is 32 random bytes, which nobody guesses from its hash."""
    prefix: str = Field(max_length=16)
    """Its first characters, so that people can tell keys apart."""
    scopes: list[str] = document()
    office: str | None = Field(default=None, max_length=40)
    """The one whose patients it may see; None: all."""
    created_at: datetime = instant()
    created_by: str = Field(max_length=120)
    seen_at: datetime | None = instant(null=True)
    """When it last let somebody in, to the minute."""
    revoked_at: datetime | None = instant(null=True)
    revoked_by: str | None = Field(default=None, max_length=120)


class ApiResponse(SQLModel, table=True):
    """The response to a request that carried an Idempotency-Key; kept for a day."""

    __tablename__ = "api_answers"
    __table_args__ = (Index("ix_api_answers_at", "at"),)
    api_key_id: int = Field(sa_column=Column(ForeignKey("api_keys.id"), primary_key=True))
    idempotency_key: str = Field(primary_key=True, max_length=255)
    at: datetime = instant()
    body_hash: str = Field(max_length=64)
    """SHA-256 of the body: the same key with another body is a mistake of the caller's."""
    status: int | None = None
    answer: dict[str, Any] | None = document()
