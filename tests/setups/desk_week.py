"""Five days of a desk around a holiday: sixty patients, and what comes back while nobody is there.

What the worker and the carrier do is written down through the use cases; what staff do is left to whoever drives the
pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlmodel import col

from notifier.access.manage_accounts import add_staff, set_languages
from notifier.conversations.receive import InboundText, receive
from notifier.db import outbox
from notifier.db.engine import writing
from notifier.db.tables import Enrollment, Message, WorkerRow
from notifier.domain.states import MessageState
from notifier.enrollments.importing.import_rows import import_rows
from notifier.numbers.open_replies import what_holds
from notifier.publishing.saved_answers import write_saved_answer
from notifier.sending.gates.heartbeats import arrive
from schedules.catalogue import shipped
from tests.setups.gate import inbound_was_read

ZONE: Final = ZoneInfo("America/New_York")
STAFF: Final[Mapping[str, tuple[str, ...]]] = {"Dana": ("en",), "Luz": ("en", "es"), "Kim": ("en",)}
_FIRST: Final = ("Ada", "Bea", "Cleo", "Dora", "Elsa", "Faye", "Gina", "Hope")
_LAST: Final = ("Abbott", "Baker", "Castro", "Dunn", "Ellis", "Flynn", "Gomez", "Hayes")
MANY: Final = 60
DEAD, ASKS, URGENT, SPANISH, BOOKED, MISSED, LATE = range(7)
"""Patients with a part of their own; the others only get their texts."""
_PARTS: Final = {
    DEAD: ("Eva Cruz", "2026-02-12T11:00", "", "en"),
    ASKS: ("Mia Stone", "2026-02-12T12:00", "", "en"),
    URGENT: ("Zoe Park", "2026-02-12T13:00", "", "en"),
    SPANISH: ("Inés Vega", "2026-02-12T14:00", "", "es"),
    BOOKED: ("Bo Diaz", "", "2026-02-13T10:00", "en"),
    MISSED: ("Kay Lund", "", "2026-02-13T16:00", "en"),
    LATE: ("Una Frey", "2026-02-12T14:30", "", "en"),
}
_S = MessageState


def february(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of February 2026 on the desk's clock; the 16th is Presidents' Day."""
    return datetime(2026, 2, day, hour, minute, tzinfo=ZONE)


OPENS: Final = february(12, 15)


@dataclass
class DeskWeek:
    """The same database as the pages, seen from the street."""

    pages: Any
    """The desk (`tests.web.pages.conftest.Pages`)."""

    def begin(self) -> None:
        """Three people, sixty patients less the one who is enrolled at the desk, and two saved answers."""
        pages, now = self.pages, self.pages.clock.now()
        with writing(pages.engine) as session:
            for name, languages in STAFF.items():
                add_staff(session, name, "four words of mine", now=now, by="test")
                set_languages(session, name, languages, now=now, by="test")
            for language, words in (("en", "No makeup until {makeup.until}."),
                                    ("es", "Sin maquillaje hasta {makeup.until}.")):  # fmt: skip
                write_saved_answer(
                    session, "Makeup?", language, words, protocols=pages.context.protocols, now=now, by="test"
                )
        report = import_rows(
            pages.engine, self._file(), protocols=shipped(), rules=pages.context.rules, now=now, by="import"
        )
        assert (MANY - 1, []) == (report.written, list(report.faults))

    def _file(self) -> bytes:
        rows = ["external_id,name,phone,protocol,treated_at,appointment_at,language,consent,informed"]
        names = [f"{first} {last}" for last, first in product(_LAST, _FIRST)]
        for number in range(MANY - 1):
            treated = (february(10, 9) + timedelta(days=number % 3, minutes=number)).strftime("%Y-%m-%dT%H:%M")
            who, treated, booked, language = _PARTS.get(number, (names[number], treated, "", "en"))
            rows.append(
                f"W-{number},{who},{self.phone(number)},microneedling,{treated},{booked},{language},form,"
                f"{'' if booked else 'yes'}"
            )
        return "\n".join(rows).encode()

    @staticmethod
    def phone(number: int) -> str:
        return f"+1212555{1000 + number}"

    def enrollment(self, number: int) -> int:
        """The number of a patient's enrollment."""
        with writing(self.pages.engine) as session:
            found = session.scalar(select(col(Enrollment.id)).where(col(Enrollment.external_id) == f"W-{number}"))
        assert found is not None
        return found

    def pass_until(self, at: datetime, *, dead: int | None = None, late: int | None = None) -> None:
        """The worker sends what falls due up to then and nothing holds. One number is dead; one patient's texts come
        too late."""
        self.pages.clock.pass_until(at)
        with writing(self.pages.engine) as session:
            session.execute(delete(WorkerRow))
            arrive(session, "w", host="desk", pid=1, now=at)
            inbound_was_read(session, at)
            due = session.scalars(
                select(Message)
                .where(col(Message.state) == _S.PLANNED, col(Message.due_at) <= at)
                .order_by(col(Message.due_at))
            ).all()
            held = what_holds(session, {one.phone for one in due})
            for one in due:
                if any(hold.covers(one.kind) for hold in held.get(one.phone, ())):
                    continue
                when, why = one.due_at or at, None
                way = [_S.ATTEMPTING, _S.ACCEPTED, _S.DELIVERED]
                if dead is not None and one.phone == self.phone(dead):
                    way[-1], why = _S.UNDELIVERED, "the number is not in service"
                if late is not None and one.phone == self.phone(late):
                    way, why = [_S.EXPIRED], "it could not leave while it was still useful"
                seen = _S.PLANNED
                for to in way:
                    values = {"left_at": when} if to is _S.ATTEMPTING else {}
                    outbox.move(session, one.id or 0, seen=seen, to=to, at=when, by="worker", why=why, **values)
                    seen = to

    def writes(self, number: int, words: str) -> None:
        """A patient's text comes."""
        now = self.pages.clock.now()
        with writing(self.pages.engine) as session:
            receive(session, InboundText(f"SM{number}-{now:%d%H%M%S}", self.phone(number), words, now), now)
