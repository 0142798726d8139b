"""How the clinic's own booking system writes its files, and what its words mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text
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
    """service, status, office or consent"""
    word: str = Field(primary_key=True, max_length=120)
    """Without case and marks."""
    means: str = Field(max_length=60)
    """A protocol or "none"; booked, treated, cancelled or no-show; an office's id; yes or no."""
    at: datetime = instant()
    by: str = Field(max_length=120)


class ImportFile(SQLModel, table=True):
    """A booking system's file, and what became of it."""

    __tablename__ = "import_files"
    __table_args__ = (Index("ix_import_files_at", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    mapping: str | None = Field(default=None, max_length=40)
    file: str = Field(max_length=200)
    """Its name alone."""
    at: datetime = instant()
    by: str = Field(max_length=120)
    rows: int = 0
    written: int = 0
    bad_rows: int = 0
    why: str | None = Field(default=None, max_length=400)
    """Why it was refused whole."""
