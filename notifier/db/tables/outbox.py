"""From enrollment to text: who is enrolled, what must be said, each call to the provider, and what happened."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from notifier.db.columns import document, enum_column, instant, partial_index
from notifier.domain.states import EnrollmentState, MessageState

OPEN_TEXTS: Final = (
    "seen_to IS NULL AND enrollment_id IS NOT NULL AND (state = 'failed' OR state = 'undelivered' OR state = 'unknown'"
    " OR state = 'needs_review'"
    " OR (state = 'expired' AND kind <> 'expect' AND kind <> 'check_in' AND kind <> 'rebook'))"
)
"""Texts that need a person, in words that the partial index has too: said otherwise, it could not serve."""
OPEN_ASKS: Final = "seen_to IS NULL AND kind = 'ask' AND (state = 'accepted' OR state = 'sent' OR state = 'delivered')"
"""Questions that have left and that nobody has seen to, in the words of their index."""
WAITING_LIFTS: Final = "state = 'planned' AND due_at IS NULL"
"""Lifts that wait until a gate is cleared, in the words of their index."""
STANDS_SINCE: Final = "coalesce(stands_since, nominal_at)"
"""Since when a text stands as it does, in the words of the index."""
_OF_TASKS: Final = ("phone", "seen_to", "enrollment_id", "state", "kind", "step")


class Enrollment(SQLModel, table=True):
    """One patient on one protocol version, after one treatment."""

    __tablename__ = "enrollments"
    __table_args__ = (
        # The number first: this index also finds everybody on one phone.
        UniqueConstraint("phone", "folded_name", "protocol", "treated_on", "ordinal", name="uq_enrollments_same"),
        UniqueConstraint("external_id"),
        # Who is expected, by when: the staff page's day.
        partial_index("ix_enrollments_booked", "appointment_at", where="treated_at IS NULL AND state = 'booked'"),
        # Which offices there are patients of: asked at every start.
        partial_index("ix_enrollments_office", "office", where="office IS NOT NULL"),
        # Whose day it was, or will be.
        Index("ix_enrollments_treated_on", "treated_on"),
        # Who treats patients here.
        partial_index("ix_enrollments_provider", "provider", where="provider IS NOT NULL"),
        # The imports of the last days, among the enrollments of years.
        partial_index("ix_enrollments_imported", "enrolled_at", "id", where="imported_as IS NOT NULL"),
        # All that the list of patients is narrowed by: it is counted without reading a row.
        Index("ix_enrollments_listed", "protocol", "state", "office", "provider"),
    )
    id: int | None = Field(default=None, primary_key=True)
    external_id: str | None = Field(default=None, max_length=120)
    name: str = Field(max_length=80)
    folded_name: str = Field(max_length=80)
    """Case, accents and spaces removed: what makes two spellings the same patient."""
    phone: str = Field(max_length=20)
    protocol: str = Field(max_length=40)
    version: str = Field(max_length=12)
    treated_on: date
    """The local date of the treatment, or of the appointment while there is none."""
    ordinal: int = 0
    """0; staff may enroll a second treatment of the same day as 1."""
    treated_at: datetime | None = instant(null=True)
    appointment_at: datetime | None = instant(null=True)
    timezone: str = Field(max_length=60)
    language: str = Field(max_length=8)
    answers: dict[str, str] = document()
    separate_areas: bool = False
    """Staff said that earlier treatments of this patient are on other areas."""
    state: EnrollmentState = Field(sa_column=Column(enum_column(EnrollmentState), nullable=False))
    state_before_hold: str | None = Field(default=None, max_length=32)
    reason: str | None = Field(default=None, max_length=400)
    consent: str = Field(max_length=200)
    """How consent was given, in staff's words."""
    consent_by: str = Field(max_length=120)
    consent_at: datetime = instant()
    consent_withdrawn_at: datetime | None = instant(null=True)
    """When somebody, or the clinic's own system, last said that the patient agrees no more."""
    rebook_consent: bool = False
    imported_as: str | None = Field(default=None, max_length=16)
    """A digest of the row it was last imported from: a re-run of the same file changes nothing, whatever staff did."""
    mapping: str | None = Field(default=None, max_length=40)
    """Through which mapping a booking system's file named this visit last."""
    planned_end: datetime | None = instant(null=True)
    file_said_at: datetime | None = instant(null=True)
    """When the mapped file was written that said the last of it: an older one says nothing new."""
    """When that file says the visit ends: a proposal, until staff say when the treatment ended."""
    enrolled_at: datetime = instant()
    enrolled_by: str = Field(max_length=120)
    office: str | None = Field(default=None, max_length=40)
    """Its id in the offices file; None: enrolled without offices."""
    provider: str | None = Field(default=None, max_length=40)
    """Who treated the patient, as staff wrote it."""
    informed: dict[str, str] = document()
    """Topics whose rule a person told the patient, and how: `yes` or `card`. Who and when stand in the events."""
    restrictions: dict[str, str] = document()
    """By topic: how long it holds for this patient (`10d`), where staff chose or decided it."""
    decided_by: str | None = Field(default=None, max_length=80)
    """Who decided that a length is shorter than the protocol's."""
    cleared: dict[str, str] = document()
    """By topic: the instant (ISO 8601) at which staff marked a gate as cleared."""
    quiet_days: str | None = Field(default=None, max_length=200)
    """On which the patient wishes no text: `Sun,2026-12-25`."""
    catches_up: bool = True
    """Whether a rule that no text has told gets a text of its own; not for those enrolled before there were any."""


class Message(SQLModel, table=True):
    """A text that must be said: one step of one enrollment. This table is the outbox."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "revision"),
        # By time and only what waits: next-due and claim cost the same with ten rows or ten million. Queries
        # say the state as a literal (`outbox.in_state`): a plan made for any state could not use them.
        partial_index("ix_messages_due", "due_at", "id", where="state = 'planned'"),
        # What has fallen due: to be marked ready, and then claimed by need (`db/need.py`).
        partial_index("ix_messages_unmarked", "due_at", "id", where="state = 'planned' AND need IS NULL"),
        partial_index("ix_messages_ready", "need", "due_at", "id", where="state = 'planned' AND need IS NOT NULL"),
        # OR, not IN: only so does SQLite see that a query for one of the three may use it.
        partial_index(
            "ix_messages_open",
            "state",
            "due_at",
            where="state = 'attempting' OR state = 'unknown' OR state = 'needs_review'",
        ),
        # What still waits for its last receipt, by when it left: what polling asks Twilio about.
        partial_index("ix_messages_awaited", "left_at", where="state = 'accepted' OR state = 'sent'"),
        # What did not reach its patient, and what left when: the staff page's first and last lists.
        partial_index(
            "ix_messages_trouble",
            "nominal_at",
            where="state = 'failed' OR state = 'undelivered' OR state = 'expired'",
        ),
        # What needs a person, and questions that nothing came back on: no row has to be read to group them.
        # SQLite counts the columns of a condition among those to be read; PostgreSQL an expression's, and the id.
        partial_index(
            "ix_messages_tasks", text(STANDS_SINCE), *_OF_TASKS, "nominal_at", "stands_since", "id", where=OPEN_TEXTS
        ),
        partial_index("ix_messages_unanswered", "expires_at", *_OF_TASKS, "left_at", "id", where=OPEN_ASKS),
        partial_index("ix_messages_waiting", "nominal_at", "phone", "enrollment_id", "id", where=WAITING_LIFTS),
        # With all that the delivery page counts: no row has to be read for it.
        partial_index("ix_messages_left", "left_at", "state", "enrollment_id", where="left_at IS NOT NULL"),
        # Questions by when they are of no more use: who has not answered.
        partial_index("ix_messages_asks", "expires_at", where="kind = 'ask'"),
        Index("ix_messages_phone_left", "phone", "left_at"),
        Index("ix_messages_sid", "sid"),
    )
    id: int | None = Field(default=None, primary_key=True)
    enrollment_id: int | None = Field(default=None, sa_column=Column(ForeignKey("enrollments.id"), nullable=True))
    """None: the fixed answer to a number that nobody enrolled."""
    office: str | None = Field(default=None, max_length=40)
    """Of such an answer alone: whose number was written to. Every other text is its enrollment's office's."""
    step: str = Field(max_length=40)
    revision: int = 0
    """Cancelled and expired are final: a step that comes back into the plan is a new row, the next revision. One that
    was said is never followed by another."""
    kind: str = Field(max_length=16)
    """A step's kind, or `reply`."""
    topics: list[str] = document()
    phone: str = Field(max_length=20)
    """The enrollment's number at planning time; changes with it while the text is unsent."""
    state: MessageState = Field(sa_column=Column(enum_column(MessageState), nullable=False))
    reason: str | None = Field(default=None, max_length=400)
    """Why it is in this state, for staff; never patient data."""
    nominal_at: datetime = instant()
    """Of a lift that waits for a gate: when it may be asked whether that is cleared."""
    not_before: datetime = instant()
    due_at: datetime | None = instant(null=True)
    """When it leaves; None where it has no place (then it is expired from the start), and, planned or suppressed, of a
    lift that waits until its gate is cleared."""
    expires_at: datetime = instant()
    """`schedules.offsets.NOT_YET` where that hangs on a gate that is not cleared."""
    need: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """It has fallen due and waits for nothing but its turn: the lower, the sooner (`db/need.py`)."""
    text: str = Field(sa_column=Column(Text, nullable=False))
    """The wording on its nominal local date; frozen once it has left."""
    late_text: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """The wording for a later local date, where the protocol has one."""
    sent_text: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """Exactly what left."""
    notes: list[str] = document()
    attempts: int = 0
    """Calls whose outcome counts: accepted, refused for good, or unknown."""
    retries: int = 0
    """How often it was planned again after Twilio had accepted it and then failed."""
    left_at: datetime | None = instant(null=True)
    """When the last attempt began: what the daily cap counts."""
    sid: str | None = Field(default=None, max_length=40)
    stands_since: datetime | None = instant(null=True)
    """When it came into this state, for what needs a person; None: with its row, or before that was kept."""
    seen_to: str | None = Field(default=None, max_length=12)
    """How a person has seen to it (`notifier.domain.tasks.TaskOutcome`); None: nobody has. Every change of its state
    opens it again."""


class Attempt(SQLModel, table=True):
    """One call to the provider. Committed before the call, so a crash leaves evidence."""

    __tablename__ = "attempts"
    __table_args__ = (
        # A message has one open call at most: two workers cannot both be calling for it.
        partial_index("ix_attempts_open", "message_id", where="outcome IS NULL", unique=True),
        Index("ix_attempts_message", "message_id"),
    )
    id: str = Field(primary_key=True, max_length=36)
    """A uuid; also the opaque token in the receipt's URL."""
    message_id: int = Field(sa_column=Column(ForeignKey("messages.id"), nullable=False))
    worker_id: str = Field(max_length=36)
    started_at: datetime = instant()
    lease_until: datetime = instant()
    """After this instant another worker may conclude that this one died."""
    finished_at: datetime | None = instant(null=True)
    outcome: str | None = Field(default=None, max_length=16)
    """accepted, not_created, unknown; None while the call is open."""
    code: int | None = None
    detail: str | None = Field(default=None, max_length=400)
    sid: str | None = Field(default=None, max_length=40)
    empty_lists: int = 0
    """How often Twilio's list did not have it (for an unknown outcome)."""
    first_empty_at: datetime | None = instant(null=True)
    last_look_at: datetime | None = instant(null=True)
    sender: str | None = Field(default=None, max_length=40)
    """The messaging service or number that it went to: where it is looked for if its answer is lost."""


class Event(SQLModel, table=True):
    """What happened, when, by whom and why. Never changed, never deleted: an erasure takes `why` and `words` alone, and
    leaves what they were sealed as."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_enrollment", "enrollment_id"), Index("ix_events_message", "message_id"))
    id: int | None = Field(default=None, primary_key=True)
    enrollment_id: int | None = None
    message_id: int | None = None
    at: datetime = instant()
    by: str = Field(max_length=120)
    what: str = Field(max_length=40)
    """enrolled, state, changed, opted_out, held, ..."""
    from_state: str | None = Field(default=None, max_length=32)
    to_state: str | None = Field(default=None, max_length=32)
    why: str | None = Field(default=None, max_length=400)
    """Without phone numbers or texts."""
    words: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """What it proves beside: the consent, what left to which number, what the patient wrote to stop it. Of an
    enrollment or a text alone, for an erasure finds it by these."""
    commitment: str | None = Field(default=None, max_length=64)
    """What `why` and `words` are sealed as, once an erasure has taken them; until then it is made from them."""


class Circuit(SQLModel, table=True):
    """Why nothing is being sent right now, through one sender or at all; no open row means all is well."""

    __tablename__ = "circuits"
    __table_args__ = (partial_index("ix_circuits_open", "opened_at", where="closed_at IS NULL"),)
    id: int | None = Field(default=None, primary_key=True)
    reason: str = Field(max_length=400)
    code: int | None = None
    sender: str | None = Field(default=None, max_length=40)
    """The messaging service or number that it stops; None: everything."""
    opened_at: datetime = instant()
    probe_at: datetime | None = instant(null=True)
    closed_at: datetime | None = instant(null=True)
    closed_by: str | None = Field(default=None, max_length=120)


class Sender(SQLModel, table=True):
    """A number or messaging service that texts leave through, or once left through."""

    __tablename__ = "senders"
    name: str = Field(primary_key=True, max_length=40)
    """E.164, or the service's SID."""
    since: datetime = instant()


class WorkerRow(SQLModel, table=True):
    """A worker process; never deleted while an attempt refers to it."""

    __tablename__ = "workers"
    id: str = Field(primary_key=True, max_length=36)
    host: str = Field(max_length=120)
    pid: int
    started_at: datetime = instant()
    seen_at: datetime = instant()
    stopped_at: datetime | None = instant(null=True)
    doubt: str | None = Field(default=None, max_length=400)
    """Why it does not trust its clock, and so sends nothing."""
