"""How the clinic's own booking system writes its files, and what its words mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class SavedMapping(SQLModel, table=True):
    """A mapping of the clinic's own; it stands before one that ships under the same name."""

    __tablename__ = "saved_mappings"
    name: str = Field(primary_key=True, max_length=40)
    content: str = Field(sa_column=Column(Text, nullable=False))
    """TOML."""
    at: datetime = instant()
    by: str = Field(max_length=120)


class MappingWord(SQLModel, table=True):
    """What a word of a file means: asked once, and remembered."""

    __tablename__ = "mapping_words"
    mapping: str = Field(primary_key=True, max_length=40)
    what: str = Field(primary_key=True, max_length=10)
    """service, status or office"""
    word: str = Field(primary_key=True, max_length=120)
    """Without case and marks."""
    means: str = Field(max_length=60)
    """A protocol or "none"; booked, treated, cancelled or no-show; an office's id."""
    at: datetime = instant()
    by: str = Field(max_length=120)
