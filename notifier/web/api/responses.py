"""What other programs are told: who is enrolled, what leaves, and what patients wrote."""

from __future__ import annotations

from notifier.domain.states import EnrollmentState, MessageState
from notifier.web.api.timelines import Instant, Told


class EnrollmentTold(Told):
    """Who is enrolled on what."""

    enrollment: int
    external_id: str | None
    name: str
    phone: str
    protocol: str
    version: str
    treated_at: Instant | None
    appointment_at: Instant | None
    timezone: str
    language: str
    answers: dict[str, str]
    rebook_consent: bool
    state: EnrollmentState
    reason: str | None
    enrolled_at: Instant
    office: str | None


class MessageTold(Told):
    """One text, and where it stands."""

    message: int
    enrollment: int
    external_id: str | None
    name: str
    phone: str
    step: str
    kind: str
    due_at: Instant | None
    timezone: str
    state: MessageState
    reason: str | None
    """Why it is in this state, or what it waits for."""
    text: str
    """What left, or what would leave."""
    sid: str | None
    attempts: int
    office: str | None


class EnrollmentWithMessages(EnrollmentTold):
    """With every text, oldest first."""

    messages: list[MessageTold]


class ExplainedTold(MessageTold):
    """With why it was, was not, or will be sent."""

    sentences: list[str]


class ReplyTold(Told):
    """What a patient wrote."""

    reply: int
    phone: str
    at: Instant
    text: str
    media_count: int
    meaning: str
    urgent: bool
    closed_at: Instant | None
    office: str | None


class EnrollmentPage(Told):
    """The latest first."""

    items: list[EnrollmentTold]
    next_page: str | None


class MessagePage(Told):
    """The first to leave first."""

    items: list[MessageTold]
    next_page: str | None


class ReplyPage(Told):
    """The latest first."""

    items: list[ReplyTold]
    next_page: str | None
