"""The audit log: who saw and did what, whose patients a list showed, and the seals that show a change or a gap.

Rows are only ever added: triggers of the database refuse to change or delete one. None names a patient, a number or a
text, so nothing of them has to go when a patient is forgotten. The same seals hold the events of the patients
(`outbox.Event`): one chain is the proof of both.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class StaffAudit(SQLModel, table=True):
    """Who saw or did what: a person at the page or at a terminal, or another program."""

    __tablename__ = "staff_audit"
    __table_args__ = (
        Index("ix_staff_audit_at", "at"),
        Index("ix_staff_audit_enrollment", "enrollment_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = instant()
    by: str = Field(max_length=120)
    """staff:NAME, api:NAME, cli:NAME, or nobody."""
    what: str = Field(max_length=40)
    """signed_in, signed_out, refused, saw, did"""
    about: str | None = Field(default=None, max_length=200)
    """Which page or action."""
    enrollment_id: int | None = None
    address: str | None = Field(default=None, max_length=45)
    """Where it came from; None for this machine's own terminal and for entries from before it was kept."""
    device: str | None = Field(default=None, max_length=80)
    """Such as "Safari on iPad", or the terminal; None where nothing was said."""


class AuditShown(SQLModel, table=True):
    """A patient whom a list showed, where the entry is of a list."""

    __tablename__ = "audit_shown"
    __table_args__ = (Index("ix_audit_shown_entry", "entry_id"),)
    enrollment_id: int = Field(primary_key=True)
    """First in the key, for the question is who saw one patient. No foreign key: an entry outlives what it is about."""
    entry_id: int = Field(sa_column=Column(ForeignKey("staff_audit.id"), primary_key=True))


class AuditSeal(SQLModel, table=True):
    """One link of the chain: it seals the entries and events since the last one, and the last one with them."""

    __tablename__ = "audit_seals"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, 3 … without a gap."""
    at: datetime = instant()
    first_entry: int
    last_entry: int
    entries: int
    """How many there were between these two: a number may be missing where a change was taken back."""
    first_event: int | None = None
    """None, as the four below: from before events were sealed."""
    last_event: int | None = None
    events: int | None = None
    entries_digest: str | None = Field(default=None, max_length=64)
    """SHA-256 of the lines of the entries, in hex."""
    events_root: str | None = Field(default=None, max_length=64)
    """The root of the tree over the lines of the events, in hex; empty where there are none."""
    digest: str = Field(max_length=64)
    """SHA-256 of the last digest and of all this seal's values, in hex."""
    key_id: str = Field(max_length=16)
    """Which key sealed it: the start of a hash of it."""
    mac: str = Field(max_length=64)
    """HMAC-SHA-256 of the digest: whoever has the database but not the key file cannot make one."""
