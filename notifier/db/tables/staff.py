"""People at the desk: who may sign in, from where they are signed in, and what each of them saw and did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from notifier.db.columns import document, enum_column, instant


class Role(StrEnum):
    """What somebody at the desk may do."""

    STAFF = "staff"
    ADMIN = "admin"
    """Approves protocols too."""


class SignInStep(StrEnum):
    """What a sign-in still waits for after the right password."""

    CODE = "code"
    """Of the second factor."""
    SET_UP = "set_up"
    """A second factor that this person must have and has not."""
    PASSWORD = "password"  # noqa: S105  # a step, and no password
    """One of their own in place of a made-up one."""


class Staff(SQLModel, table=True):
    """A person who signs in to the staff page. Never deleted: the record of what they did names them."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("folded_name"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=60)
    folded_name: str = Field(max_length=60)
    """Lower case: "Dana" and "dana" are one account."""
    password_hash: str = Field(max_length=200)
    """Argon2id."""
    role: Role = Field(sa_column=Column(enum_column(Role), nullable=False))
    active: bool = True
    created_at: datetime = instant()
    created_by: str = Field(max_length=120)
    offices: list[str] | None = document()
    """Whose patients this person sees; None: all."""
    languages: list[str] | None = document()
    """Codes of the languages that this person reads; None: nobody has said, so all that patients are texted in."""
    must_change_password: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """The password was made up by the program, and somebody else has read it."""
    otp_secret: str | None = Field(default=None, max_length=64)
    """The key that this person's app makes codes of, encrypted (an older one in base32); None: none is set up."""
    otp_since: datetime | None = instant(null=True)
    otp_step: int | None = None
    """The half minute of the last code that was taken: neither it nor an older one is taken again."""


class StaffSession(SQLModel, table=True):
    """One signed-in browser. The token itself is only in its cookie."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index("ix_staff_sessions_staff", "staff_id"),)
    token_hash: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the token, in hex."""
    staff_id: int = Field(sa_column=Column(ForeignKey("staff.id"), nullable=False))
    created_at: datetime = instant()
    seen_at: datetime = instant()
    revoked_at: datetime | None = instant(null=True)
    waits_for: SignInStep | None = Field(default=None, sa_column=Column(enum_column(SignInStep), nullable=True))
    """It opens nothing but this step; None: the sign-in is complete."""
    second_factor_at: datetime | None = instant(null=True)
    """When a code was given; None: none was."""
    new_otp_secret: str | None = Field(default=None, max_length=64)
    """A key that is being set up in this browser, encrypted, until a code has proved that the app has it."""
    device: str = Field(default="", max_length=80, sa_column_kwargs={"server_default": ""})
    """Browser and system, such as "Firefox on Windows"; empty for one from before they were stored."""
    address: str | None = Field(default=None, max_length=45)
    """Where it was last used from."""


class RecoveryCode(SQLModel, table=True):
    """What opens once in place of a code of the second factor, after a phone is lost."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_staff", "staff_id"),)
    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(sa_column=Column(ForeignKey("staff.id"), nullable=False))
    starts_with: str = Field(max_length=4)
    """Its first four characters, by which it is found; the secret is the other twelve."""
    code_hash: str = Field(max_length=200)
    """Argon2id of all of it."""
    used_at: datetime | None = instant(null=True)


class KnownBrowser(SQLModel, table=True):
    """A browser that somebody signed in with: it keeps tries of its own, whatever strangers do. It opens nothing."""

    __tablename__ = "known_browsers"
    __table_args__ = (Index("ix_known_browsers_staff", "staff_id", "at"),)
    token_hash: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the token in its cookie, in hex."""
    staff_id: int = Field(sa_column=Column(ForeignKey("staff.id"), nullable=False))
    at: datetime = instant()
    """When it signed in last."""


class StaffForm(SQLModel, table=True):
    """An enrollment form that has been sent: sent twice (double click, back, reload) it still enrolls once."""

    __tablename__ = "staff_forms"
    token: str = Field(primary_key=True, max_length=36)
    at: datetime = instant()
    digest: str = Field(max_length=64)
    """Of what was filled in: the same form with other content is another patient."""
    enrollment_id: int | None = None
    warnings: list[str] | None = document()
    """What staff had to hear at once."""


class SeenTo(SQLModel, table=True):
    """Who has seen to a text that needed a person, and when; how stands with the text."""

    __tablename__ = "seen_to"
    __table_args__ = (Index("ix_seen_to_at", "at"),)
    message_id: int = Field(sa_column=Column(ForeignKey("messages.id"), primary_key=True))
    at: datetime = instant()
    by: str = Field(max_length=120)


class TaskClaim(SQLModel, table=True):
    """A piece of work that somebody has taken, so that two do not call the patient."""

    __tablename__ = "task_claims"
    kind: str = Field(primary_key=True, max_length=8)
    """A `notifier.domain.tasks.TaskKind`."""
    number: int = Field(primary_key=True)
    """Of the reply, message, enrollment or hold that it is about."""
    at: datetime = instant()
    by: str = Field(max_length=120)
    ends_at: datetime | None = instant(null=True)
    """When the shift ends of whoever took it; None: nobody has said when the clinic is staffed."""


class TaskSnooze(SQLModel, table=True):
    """A piece of work that is out of sight until then. What it holds stays held."""

    __tablename__ = "task_snoozes"
    __table_args__ = (Index("ix_task_snoozes_until", "until"),)
    kind: str = Field(primary_key=True, max_length=8)
    number: int = Field(primary_key=True)
    until: datetime = instant()
    at: datetime = instant()
    by: str = Field(max_length=120)


class WrongPassword(SQLModel, table=True):
    """A wrong password at the page, or a wrong key at the API, kept for a quarter of an hour.

    Every web process counts the same ones.
    """

    __tablename__ = "wrong_passwords"
    __table_args__ = (Index("ix_wrong_passwords_at", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = instant()
    who: str = Field(max_length=8)
    """The first hex digits of the typed name's SHA-256: enough to count, too few to guess a password typed there.
    For a key: "api key"."""
    address: str = Field(max_length=8)
    """The same of the address that it came from, or of the token of a known browser."""
