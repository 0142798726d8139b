"""What can be done to an enrollment: one small command each, and the table of them that every door goes through.

A new command is, in this order:

- a class here and its place in `COMMANDS`: the API then has its address, and the page takes it. `to` is the state it
  leads to; without one, `wanted` says which fields change, or `after` what else. What becomes of the texts is found by
  planning anew. With neither, the history has its line and nothing else changes
- its button or form in notifier/web/templates/patient.html, with when it is shown
- a function in notifier/cli/staff/commands.py and its line in notifier/cli/app.py
- a case in tests/setups/command_doors.py (`CASES`), tests/cli/test_dry_run.py (`CHANGES`) and
  tests/web/api/test_document.py (`GOOD`); tests/test_command_doors.py then does it at every door

A command that asks for more than `at`, `why` or `request` is read in
notifier/web/pages/patients/patient_commands.py and notifier/web/api/commands.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from notifier.db.tables import Enrollment
from notifier.domain.cleared import Gate, is_said
from notifier.domain.informed import Informed
from notifier.domain.instants import zone_called
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import RUNNING, EnrollmentState
from notifier.enrollments.changes import ChangeRequest, names_of
from notifier.enrollments.command import Command
from notifier.enrollments.field_values import read_choice
from notifier.enrollments.fields import BY_NAME
from notifier.enrollments.identity import refuse_ended
from schedules.saying import say_moment


@dataclass(frozen=True, slots=True)
class Treated(Command):
    """The patient was treated: the aftercare is planned from the END of the treatment. Said again, it moves."""

    word, button, past, event = "treated", "Treated", "treated", "treated"

    at: datetime
    """An aware instant."""

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return f"Treated until {say_moment(self.at, zone)}?"

    def note(self) -> str:
        return names_of(self.wanted())

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        _refuse_ended(stored, comes_after_all=True)

    def wanted(self) -> ChangeRequest:
        return ChangeRequest(treated_at=self.at)


@dataclass(frozen=True, slots=True)
class Change(Command):
    """Put right what is known of the patient, or move the visit; unsent texts follow."""

    word, button, past, event = "change", "Change it", "changed", "changed"

    request: ChangeRequest

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return "Change it?"

    def note(self) -> str:
        return names_of(self.request)

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        moves = self.request.treated_at is not None or self.request.appointment_at is not None
        _refuse_ended(stored, comes_after_all=moves)

    def wanted(self) -> ChangeRequest:
        return self.request


@dataclass(frozen=True, slots=True)
class NoShow(Command):
    """The patient did not come: nothing more is sent. Refused before the hour of the appointment."""

    word, button, past, to = "no-show", "No-show", "a no-show", EnrollmentState.NO_SHOW

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return "Did not come?"

    def note(self) -> str:
        return "the patient did not come"

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        _refuse_to_end(stored)
        if stored.treated_at is not None:
            raise Refused(
                f"enrollment {stored.id} was treated, so it is no no-show",
                code=RefusalCode.TREATED_ALREADY,
                enrollment=stored.id,
            )
        if stored.appointment_at is not None and stored.appointment_at > now:
            when = say_moment(stored.appointment_at, zone_called(stored.timezone))
            raise Refused(
                f"the appointment of enrollment {stored.id} is still to come ({when}), so it is no no-show yet; "
                "where it is called off, cancel it; where it moves, say to when",
                code=RefusalCode.VISIT_TO_COME,
                enrollment=stored.id,
            )


@dataclass(frozen=True, slots=True)
class Cancel(Command):
    """Stop the patient's texts for good. A treatment happened all the same: what waits for its restrictions waits."""

    word, button, past, to = "cancel", "Stop them", "cancelled", EnrollmentState.CANCELLED

    why: str = "cancelled by staff"

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return "Stop these texts for good?"

    def note(self) -> str:
        return self.why

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        _refuse_to_end(stored)


@dataclass(frozen=True, slots=True)
class Hold(Command):
    """Let nothing leave until somebody lets it go on."""

    word, button, past, to = "hold", "Hold", "held", EnrollmentState.HELD

    why: str = "held by staff"

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return "Hold the texts?"

    def note(self) -> str:
        return self.why

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        refuse_ended(stored)


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn(Command):
    """The patient agrees to texts no more: all to the number wait until a person opts it out, ends it, or lets go on.

    It is no opt-out yet: others may be on the number, and a file's cell may be a slip.
    """

    word, button, past, event = "consent-withdrawn", "Consent withdrawn", "held: consent was withdrawn", "consent"
    holds_number = True

    why: str = "consent was withdrawn"

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return "Was consent withdrawn? Every text to this number then waits until a person decides."

    def note(self) -> str:
        return self.why

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        refuse_ended(stored)

    def after(self, facts: EnrollmentFacts, now: datetime) -> EnrollmentFacts:
        return facts


_GO_ON: Final = {
    EnrollmentState.NO_SHOW: "Take the no-show back?",
    EnrollmentState.CANCELLED: "Take it back, and let the texts go on?",
}


@dataclass(frozen=True, slots=True)
class Resume(Command):
    """Take back a hold, a no-show or a cancellation: what is still useful leaves, what has passed expires."""

    word, button, past, event = "resume", "Go on", "running", "resumed"

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return _GO_ON.get(stored.state, "Let the texts go on?")

    def note(self) -> str:
        return "resumed"

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        if stored.state in (EnrollmentState.BOOKED, EnrollmentState.ACTIVE):
            raise Refused(f"enrollment {stored.id} is not held; its state is {stored.state.value}")

    def after(self, facts: EnrollmentFacts, now: datetime) -> EnrollmentFacts:
        return replace(facts, state=EnrollmentState.BOOKED if facts.treated_at is None else EnrollmentState.ACTIVE)


@dataclass(frozen=True, slots=True)
class InformInPerson(Command):
    """A person told the patient the rules: all of them, or those of some topics."""

    word, button, past, event = "informed", "Told in person", "told in person", "informed"

    topics: tuple[str, ...] = ()
    """None: every restriction of the protocol."""
    informed: str = Informed.SAID
    """`card`: in writing too, so that no text makes up for one that was missed."""

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return "Was the patient told?"

    def note(self) -> str:
        said = ", ".join(self.topics) or "every rule"
        return f"told in person: {said}{', in writing' if self.informed == Informed.CARD else ''}"

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        refuse_ended(stored)

    def after(self, facts: EnrollmentFacts, now: datetime) -> EnrollmentFacts:
        known = facts.protocol.restrictions
        for topic in self.topics:
            if topic not in known:
                instead = f"say one of {', '.join(known)}" if known else "it has none"
                raise Refused(f'"{topic[:40]}" is no restriction of {facts.protocol.id}; {instead}', "topics")
        how = read_choice(BY_NAME["informed"], self.informed) or Informed.SAID.value
        return replace(facts, informed={**facts.informed, **dict.fromkeys(self.topics or known, how)})


@dataclass(frozen=True, slots=True)
class Cleared(Command):
    """Staff say that what holds until it is cleared is cleared, or not after all: its lift leaves, never too early."""

    word, button, past, event = "cleared", "Cleared", "cleared", "cleared"

    topic: str
    cleared_at: datetime | None = None
    """An aware instant; None: now, or as it was said before."""
    take_back: bool = False
    """It was marked by mistake. Refused once the patient was told."""

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        since = f"cleared since {say_moment(self.cleared_at, zone)}" if self.cleared_at else "cleared"
        return f"Is {self.topic} {'not cleared after all' if self.take_back else since}?"

    def note(self) -> str:
        return f"{'not cleared after all' if self.take_back else 'cleared'}: {self.topic}"

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        refuse_ended(stored)

    def wanted(self) -> ChangeRequest:
        said = Gate.NOT_CLEARED if self.take_back else self.cleared_at or Gate.CLEARED
        return ChangeRequest(cleared={self.topic: said})

    def is_done(self, stored: Enrollment) -> bool:
        since = self.cleared_at or Gate.CLEARED
        return not self.take_back and is_said(since, (stored.cleared or {}).get(self.topic))


COMMANDS: Final[Mapping[str, type[Command]]] = MappingProxyType(
    {
        kind.word: kind
        for kind in (Treated, NoShow, Change, Cancel, Hold, Resume, ConsentWithdrawn, InformInPerson, Cleared)
    }
)
"""Every command by its word, in the order in which staff are shown them."""


def read_command(kind: type[Command], read: Callable[[str], object | None]) -> Command:
    """A command from what a door was told: `read` gives the value of a field; None leaves it at its default."""
    values = {one.name: read(one.name) for one in fields(kind)}
    return kind(**{name: value for name, value in values.items() if value is not None})


def _refuse_ended(stored: Enrollment, *, comes_after_all: bool) -> None:
    """What has ended is not changed, but taken back; a no-show also by a treatment or another appointment."""
    if stored.state is not EnrollmentState.NO_SHOW or not comes_after_all:
        refuse_ended(stored)


def _refuse_to_end(stored: Enrollment) -> None:
    if stored.state not in RUNNING:
        raise Refused(f"enrollment {stored.id} has ended already ({stored.state.value.replace('_', '-')})")
