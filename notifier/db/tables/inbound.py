"""What comes back: opt-outs, replies and the holds they cause, receipts, and how far the pollers have read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant, partial_index

ALL_KINDS = "all"


class OptOut(SQLModel, table=True):
    """A number that must not be texted. One open row at most for each number."""

    __tablename__ = "opt_outs"
    __table_args__ = (
        partial_index("ix_opt_outs_open", "phone", where="ended_at IS NULL", unique=True),
        Index("ix_opt_outs_at", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    phone: str = Field(max_length=20)
    source: str = Field(max_length=40)
    """keyword, phrase, twilio, staff, number_changed"""
    at: datetime = instant()
    by: str = Field(max_length=120)
    ended_at: datetime | None = instant(null=True)
    ended_by: str | None = Field(default=None, max_length=120)


class NumberHold(SQLModel, table=True):
    """A number whose last reply a person must read before anything else leaves."""

    __tablename__ = "number_holds"
    __table_args__ = (partial_index("ix_number_holds_open", "phone", where="released_at IS NULL"),)
    id: int | None = Field(default=None, primary_key=True)
    phone: str = Field(max_length=20)
    reason: str = Field(max_length=400)
    kinds: str = Field(default=ALL_KINDS, max_length=120)
    """`all`, or the step kinds held, comma-separated."""
    by: str = Field(max_length=120)
    at: datetime = instant()
    released_at: datetime | None = instant(null=True)
    released_by: str | None = Field(default=None, max_length=120)

    def covers(self, kind: str) -> bool:
        """Whether a text of this step kind has to wait."""
        return self.kinds == ALL_KINDS or kind in self.kinds.split(",")


class Reply(SQLModel, table=True):
    """A text from a patient."""

    __tablename__ = "replies"
    __table_args__ = (
        UniqueConstraint("sid"),
        Index("ix_replies_phone", "phone", "at"),
        partial_index("ix_replies_open", "at", where="closed_at IS NULL"),
        # What needs a person, urgent words apart: no row has to be read to count it.
        partial_index("ix_replies_unread", "urgent", "at", "phone", "office", "closed_at", where="closed_at IS NULL"),
        partial_index("ix_replies_ask", "ask_id", where="ask_id IS NOT NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    sid: str = Field(max_length=40)
    phone: str = Field(max_length=20)
    at: datetime = instant()
    text: str = Field(sa_column=Column(Text, nullable=False))
    media_count: int = 0
    meaning: str = Field(max_length=20)
    """stop, wrong_person, perhaps_stop, start, help, harmless, answer, other"""
    urgent: bool = False
    """The words of an emergency are in it, whatever else it means."""
    closed_at: datetime | None = instant(null=True)
    closed_by: str | None = Field(default=None, max_length=120)
    decision: str | None = Field(default=None, max_length=12)
    """What whoever closed it decided about the texts; None: it filed itself, or was closed before such decisions were
    kept."""
    ask_id: int | None = None
    """The message, the first asking, that it answers."""
    choice: str | None = Field(default=None, max_length=1)
    """The digit of its answer; None: a person decides."""
    office: str | None = Field(default=None, max_length=40)
    """Whose number the patient wrote to, else that of the newest enrollment's; None: no office's."""
    written_to: str | None = Field(default=None, max_length=20)
    """The clinic's own number that it came to, in E.164 or a short code; None: from before this was kept, or no number
    of the telephone network. It is not the patient's, so an erasure leaves it."""


class ReplyPhone(SQLModel, table=True):
    """A number whose texts a reply holds as long as nobody has closed it: where it came from, and the patient's newer
    ones. What was open at the upgrade from a number without a running enrollment has none, and holds nothing."""

    __tablename__ = "reply_phones"
    __table_args__ = (Index("ix_reply_phones_phone", "phone"),)
    reply_id: int = Field(sa_column=Column(ForeignKey("replies.id"), primary_key=True))
    phone: str = Field(primary_key=True, max_length=20)
    since: datetime | None = instant(null=True)
    """None: since the upgrade to open replies that hold."""


class PhotoLook(SQLModel, table=True):
    """A photo of a reply that somebody has opened, and when first: one that nobody has is not deleted anywhere."""

    __tablename__ = "photo_looks"
    reply_id: int = Field(sa_column=Column(ForeignKey("replies.id"), primary_key=True))
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """From 1, in the order sent."""
    at: datetime = instant()


class NeverText(SQLModel, table=True):
    """One of the numbers and external ids by which a person who must never be texted is known again."""

    __tablename__ = "never_text"
    __table_args__ = (partial_index("ix_never_text_name", "folded_name", where="ended_at IS NULL"),)
    id: int | None = Field(default=None, primary_key=True)
    folded_name: str = Field(max_length=80)
    phone: str | None = Field(default=None, max_length=20)
    external_id: str | None = Field(default=None, max_length=120)
    enrollment_id: int
    """On which it was said."""
    at: datetime = instant()
    by: str = Field(max_length=120)
    ended_at: datetime | None = instant(null=True)
    ended_by: str | None = Field(default=None, max_length=120)


class Receipt(SQLModel, table=True):
    """What the provider reported about a SID; each distinct report once."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("sid", "status", "error_code"), Index("ix_receipts_token", "token"))
    id: int | None = Field(default=None, primary_key=True)
    sid: str = Field(max_length=40)
    status: str = Field(max_length=24)
    error_code: int = 0
    token: str | None = Field(default=None, max_length=36)
    at: datetime = instant()
    source: str = Field(max_length=16)
    """callback or poll"""


class Poll(SQLModel, table=True):
    """How far each poller has read; the send gate looks at `completed_at`."""

    __tablename__ = "polls"
    what: str = Field(primary_key=True, max_length=20)
    """inbound or receipts"""
    completed_at: datetime = instant()
    read_up_to: datetime = instant()
