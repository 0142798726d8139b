"""Finding patients: the words that each enrollment is found by, and what somebody at the desk looked for lately."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, String
from sqlmodel import Field, SQLModel

from notifier.db.columns import document, instant
from notifier.domain.search_words import LONGEST


class SearchWord(SQLModel, table=True):
    """A word that an enrollment is found by; gone with it."""

    __tablename__ = "search_words"
    __table_args__ = (
        Index("ix_search_words_word", "word", "enrollment_id", "kind"),
        {"sqlite_with_rowid": False},  # the key is the row
    )
    enrollment_id: int = Field(
        sa_column=Column(ForeignKey("enrollments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    # By code point on both databases: what begins with a word is then a range of the index.
    word: str = Field(
        sa_column=Column(String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql"), primary_key=True)
    )
    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    """`FoundBy`."""


class StoredSearch(SQLModel, table=True):
    """What somebody looks for, so that no name stands in an address; kept for a working day."""

    __tablename__ = "searches"
    __table_args__ = (Index("ix_searches_at", "at"),)
    token: str = Field(primary_key=True, max_length=36)
    staff_id: int = Field(sa_column=Column(ForeignKey("staff.id"), nullable=False))
    at: datetime = instant()
    query: dict[str, Any] = document()
