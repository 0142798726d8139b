"""A clinic's own words over a protocol, written on the staff page: one draft of each, and what was published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class OverlayDraft(SQLModel, table=True):
    """What is being written over one protocol; it holds for nobody yet."""

    __tablename__ = "overlay_drafts"
    protocol: str = Field(primary_key=True, max_length=40)
    toml: str = Field(sa_column=Column(Text, nullable=False))
    """What differs from the protocol, as a file with `extends` says it."""
    based_on: str = Field(max_length=12)
    """The version of the protocol that its author had read."""
    edit: int
    """Grows with each save, so that a later save knows of an earlier one."""
    at: datetime = instant()
    by: str = Field(max_length=120)


class OverlayVersion(SQLModel, table=True):
    """What was published over one protocol; the last one holds."""

    __tablename__ = "overlay_versions"
    __table_args__ = (Index("ix_overlay_versions_protocol", "protocol", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    protocol: str = Field(max_length=40)
    toml: str = Field(sa_column=Column(Text, nullable=False))
    based_on: str = Field(max_length=12)
    version: str = Field(max_length=12)
    """The version that the protocol and its overlay came to."""
    at: datetime = instant()
    by: str = Field(max_length=120)
