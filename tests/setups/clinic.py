"""A clinic in New York, and short ways to enroll and to send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from notifier.db import outbox
from notifier.db.engine import reading, writing
from notifier.db.tables import Message
from notifier.domain.instants import zone_called
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.effect import Effect, OtherEffect, TextEffect
from notifier.enrollments.enroll import Enrolled, enroll
from notifier.enrollments.requests import EnrollRequest
from schedules.catalogue import parse_protocol
from schedules.protocol import CareProtocol
from schedules.wording import Voice

PLAIN = """
title = "Plain"
source = "Made for tests."

[restrictions]
makeup = { hours = 24 }
sun = { days = 7 }

[[steps]]
key = "before"
kind = "prepare"
at = { day = -1, time = "10:00" }
stale_after = { hours = 8 }
text.en = "{clinic}: your visit is soon."

[[steps]]
key = "today"
kind = "restrict"
topics = ["makeup", "sun"]
at = { hours = 1 }
stale_after = { hours = 8 }
text.en = "{clinic}: no makeup until {makeup.until}, no sun until {sun.until}."

[[steps]]
key = "makeup-again"
lifts = ["makeup"]
stale_after = { days = 2 }
text.en = "{clinic}: makeup is fine again."
late_text.en = "{clinic}: makeup has been fine since yesterday."

[[steps]]
key = "sun-again"
lifts = ["sun"]
stale_after = { days = 2 }
text.en = "{clinic}: sun is fine again."

[[steps]]
key = "next-visit"
kind = "rebook"
at = { weeks = 4, time = "12:00" }
stale_after = { days = 3 }
text.en = "{clinic}: time for the next visit? {phone}"
"""
MAKEUP_ONLY = """
title = "Makeup only"
source = "Made for tests."

[questions.shaves]
ask = "Does she shave the area?"

[restrictions]
makeup = { hours = 48 }
shaving = { days = 4, only_if = { shaves = "yes" } }

[[steps]]
key = "today"
kind = "restrict"
at = { hours = 1 }
stale_after = { hours = 8 }
text.en = "{clinic}: no makeup until {makeup.until}."
text.es = "{clinic}: sin maquillaje hasta {makeup.until}."

[[steps]]
key = "makeup-again"
lifts = ["makeup"]
stale_after = { days = 2 }
text.en = "{clinic}: makeup is fine again."
text.es = "{clinic}: ya puede usar maquillaje."

[[steps]]
key = "shaving-again"
lifts = ["shaving"]
stale_after = { days = 2 }
text.en = "{clinic}: shaving is fine again."
text.es = "{clinic}: ya puede afeitarse."
"""
ANA, BOB = "+12125550123", "+12125550124"


@pytest.fixture(scope="session")
def protocols() -> dict[str, CareProtocol]:
    """Two protocols: `plain` restricts makeup and sun, `makeup-only` makeup for longer, and says nothing of the sun."""
    return {"plain": parse_protocol("plain", PLAIN), "makeup-only": parse_protocol("makeup-only", MAKEUP_ONLY)}


@pytest.fixture
def rules() -> PlanningRules:
    """A clinic where nobody has to approve anything; `replace` it where a test is about approval."""
    return PlanningRules(Voice("Clinic", "+1 212 555 0100"), "America/New_York", must_be_approved=False)


@dataclass(frozen=True)
class ClinicSetup:
    """What staff do most, on one database."""

    engine: Engine
    protocols: Mapping[str, CareProtocol]
    rules: PlanningRules
    now: datetime

    def enroll(self, *, at: datetime | None = None, now: datetime | None = None, **values: Any) -> Enrolled:
        """Enroll Ana on `plain`, treated at `at` (or now); a test names only what it is about."""
        asked = {"name": "Ana Ruiz", "phone": ANA, "protocol": "plain", "consent": "signed form", **values}
        if "appointment_at" not in asked:
            asked["treated_at"] = at or self.now
        with writing(self.engine) as session:
            return enroll(
                session,
                EnrollRequest(**asked),
                protocols=self.protocols,
                rules=self.rules,
                now=now or self.now,
                by="desk",
            )

    def act(self, action: Callable[..., Any], *args: Any, **values: Any) -> Any:
        """Do something in a transaction of its own."""
        with writing(self.engine) as session:
            return action(session, *args, **values)

    def texts(self, enrollment: int) -> dict[str, Message]:
        """The latest row of each step."""
        with reading(self.engine) as session:
            rows = outbox.messages_of(session, enrollment)
        return {row.step: row for row in sorted(rows, key=lambda row: row.revision)}

    def states(self, enrollment: int) -> dict[str, MessageState]:
        """The state of each step."""
        return {step: row.state for step, row in self.texts(enrollment).items()}

    def send(self, message: Message, at: datetime, to: MessageState = MessageState.DELIVERED) -> None:
        """Let a planned text go the way of a sent one, up to the state `to`."""
        way = [MessageState.ATTEMPTING, MessageState.ACCEPTED, MessageState.DELIVERED]
        if to in (MessageState.UNKNOWN, MessageState.NEEDS_REVIEW, MessageState.FAILED):
            way = [MessageState.ATTEMPTING, to]
        with writing(self.engine) as session:
            seen = MessageState.PLANNED
            for state in way[: way.index(to) + 1]:
                values = {"left_at": at, "sent_text": message.text} if seen is MessageState.PLANNED else {"attempts": 1}
                assert outbox.move(session, message.id or 0, seen=seen, to=state, at=at, by="test", why=None, **values)
                seen = state

    def local(self, at: datetime | None) -> datetime:
        """An instant on the clinic's clock."""
        assert at is not None
        return at.astimezone(zone_called(self.rules.timezone))

    def strictly(self) -> ClinicSetup:
        """The same desk of a clinic where a clinician must approve."""
        return replace(self, rules=replace(self.rules, must_be_approved=True))


def of(effect: Effect | OtherEffect, what: str) -> list[TextEffect]:
    """The texts of which a command makes this."""
    return [text for text in effect.texts if text.what == what]


def other(effect: Effect, enrollment: int) -> OtherEffect:
    """What a command does to another enrollment on the number."""
    return next(one for one in effect.others if one.enrollment == enrollment)


@pytest.fixture
def clinic(engine: Engine, protocols: dict[str, CareProtocol], rules: PlanningRules, now: datetime) -> ClinicSetup:
    """The desk at 14:10 on a Friday."""
    return ClinicSetup(engine, protocols, rules, now)


@pytest.fixture
def tomorrow(now: datetime) -> datetime:
    """The same hour, a day on."""
    return now + timedelta(days=1)
