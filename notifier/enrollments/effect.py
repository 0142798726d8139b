"""The effect of a command, as every door shows it before and after it is carried out, and its one JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from notifier.db.tables import Enrollment
from notifier.domain.kinds import step_in_words
from notifier.domain.names import check_name
from notifier.domain.planning.difference import PlanDifference, PlannedChange
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.planning.wrong_now import OTHER_WORDS
from notifier.domain.states import EnrollmentState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.field_values import stored as value_of
from notifier.enrollments.fields import CHANGEABLE, KEPT, PLANNED


class What(StrEnum):
    """What becomes of a text; what needs a call comes first."""

    WRONG_NOW = "wrong_now"
    ADDED = "added"
    MOVED = "moved"
    REWORDED = "reworded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    PASSED = "passed"


_WORDS: Final = {
    What.WRONG_NOW: "was sent and is wrong now: call",
    What.ADDED: "new",
    What.MOVED: "moves",
    What.REWORDED: "new words or number",
    What.WITHDRAWN: "withdrawn",
    What.EXPIRED: "say it in person",
    What.PASSED: "say it in person",
}
_WHERE_IT_LEAVES_NOT: Final = {What.ADDED: "waits", What.MOVED: "waits", What.REWORDED: "was read in other words"}
_MOVES: Final = (What.ADDED, What.MOVED)
_LEAVES: Final = (What.ADDED, What.MOVED, What.REWORDED)
_LISTS: Final = {what: "cancelled" if what is What.WITHDRAWN else what.value for what in What}
_NO_TEXT_SAYS_IT: Final = "no text says it any more"


@dataclass(frozen=True, slots=True)
class TextEffect:
    """What becomes of one text."""

    what: What
    step: str
    kind: str
    """Of the step."""
    message: int | None
    """Its number; None for one that is not written yet."""
    was_due_at: datetime | None
    due_at: datetime | None
    """When it leaves now; None where it does not, or (moved, added) not before somebody lets it go on or clears it."""
    text: str
    """What the patient reads, would have read, or has read."""
    why: str
    needs_call: bool
    """Whether somebody must tell the patient, because no text does."""

    @property
    def words(self) -> str:
        """The effect on this text as a sentence for staff."""
        if self.due_at is None and self.what in _WHERE_IT_LEAVES_NOT and (self.what in _MOVES or self.is_reread):
            return _WHERE_IT_LEAVES_NOT[self.what]
        return _WORDS[self.what]

    @property
    def is_reread(self) -> bool:
        """Whether the patient has read it, and the plan says the same in other words now."""
        return self.what is What.REWORDED and self.why == OTHER_WORDS


@dataclass(frozen=True, slots=True)
class OtherEffect:
    """What becomes of the texts of another enrollment on the number."""

    enrollment: int
    texts: tuple[TextEffect, ...]


@dataclass(frozen=True, slots=True)
class PatientCall:
    """A step that no text says any more, or said wrongly, and that staff must tell the patient."""

    enrollment: int
    step: str
    why: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command does, or did, to an enrollment and to the others on its number; every door shows it."""

    enrollment: int
    """0 where it would be a new one."""
    already: bool
    """It was done before; nothing changes."""
    timezone: str
    """IANA name: the patient's clock."""
    before: Mapping[str, Any]
    """The enrollment's fields; instants are aware. Empty where it was not there."""
    after: Mapping[str, Any]
    texts: tuple[TextEffect, ...]
    others: tuple[OtherEffect, ...]
    """Only those whose texts change so that a person would say so."""
    others_elsewhere: int
    """How many more there are at offices of which whoever asks may not see the patients."""
    on_their_way: tuple[str, ...]
    """Steps that may have left a moment ago, where the command stops the others."""
    opted_out: bool
    """The number, or the one that it becomes, has opted out: whatever the texts say, none is sent."""
    unanswered: Mapping[str, str]
    """Question and how it is asked: what hangs on it is not sent."""
    not_told: tuple[str, ...]
    """Topics that no text and no person ever told the patient."""
    others_unplanned: bool
    """The texts of others on the number stay as they are, because a protocol version there cannot be read."""
    nobody_tells: tuple[tuple[int, str], ...]
    """Enrollment and step: what other treatments of the patient leave to staff from now on."""

    @property
    def call_patient(self) -> tuple[PatientCall, ...]:
        """What somebody must tell a patient, because no text does or because one was wrong."""
        mine = OtherEffect(self.enrollment, self.texts)
        calls = [
            PatientCall(one.enrollment, text.step, text.why)
            for one in (mine, *self.others)
            for text in one.texts
            if text.needs_call
        ]
        return (*calls, *(PatientCall(whose, step, _NO_TEXT_SAYS_IT) for whose, step in self.nobody_tells))

    @property
    def notes(self) -> list[str]:
        """What a person must read besides the texts."""
        return self.notes_naming("enrollment {}".format)

    def notes_naming(self, called: Callable[[int], str]) -> list[str]:
        """The same, with other enrollments as they are called there."""
        found = []
        if self.opted_out:
            leaves = any(text.what in _LEAVES and not text.is_reread for text in self._all_texts())
            tell = "nothing will be sent; tell the patient in person" if leaves else "nothing is sent"
            found.append(f"The number has opted out: {tell}.")
        found += [
            f"Not answered: {ask} The texts that depend on it are not sent until somebody answers it."
            for ask in self.unanswered.values()
        ]
        if self._goes_on_as_planned:
            found.append("What was held leaves as it was planned.")
        if self.on_their_way:
            found.append(f"May have left a moment ago: {', '.join(map(_quoted, self.on_their_way))}.")
        if self.nobody_tells:
            said = ", ".join(f"{_quoted(step)} of {called(whose)}" for whose, step in self.nobody_tells)
            found.append(f"No text says it any more, so call: {said}.")
        if self.others_unplanned:
            found.append(
                "A protocol version on this number cannot be read, so the texts of the other enrollments on it stay as "
                "they are: look them over."
            )
        if self.others_elsewhere:
            found.append(f"Texts of other offices' patients on this number change too: {self.others_elsewhere}.")
        return found

    @property
    def digest(self) -> str:
        """A hash of the effect: the same where what would be done is still what was shown."""
        texts = [[text.what, text.step] for text in self._all_texts()]
        said = json.dumps([texts, self.opted_out, self.nobody_tells, self.others_elsewhere])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """The effect as JSON: one shape for the command line, the API and an import."""
        return {
            "enrollment": self.enrollment or None,
            "already": self.already,
            "before": _fields_json(self.before),
            "after": _fields_json(self.after),
            "texts": [_text_json(text) for text in self.texts],
            "others": [
                {"enrollment": other.enrollment, "texts": [_text_json(text) for text in other.texts]}
                for other in self.others
            ],
            "others_elsewhere": self.others_elsewhere,
            "others_unplanned": self.others_unplanned,
            "on_their_way": list(self.on_their_way),
            "opted_out": self.opted_out,
            "unanswered": list(self.unanswered),
            "not_told": list(self.not_told),
            "call_patient": [
                {"enrollment": call.enrollment or None, "step": call.step, "why": call.why}
                for call in self.call_patient
            ],
        }

    @property
    def _goes_on_as_planned(self) -> bool:
        """A hold is taken back, and no text has another hour or other words than before it."""
        held = EnrollmentState.HELD.value
        was_held = self.before.get("state") == held != self.after.get("state")
        return was_held and not (self.texts or self.opted_out)

    def _all_texts(self) -> Iterable[TextEffect]:
        yield from self.texts
        for other in self.others:
            yield from other.texts


def _quoted(step: str) -> str:
    return f"“{step_in_words(step)}”"


def others_of(differences: Mapping[int, PlanDifference]) -> tuple[OtherEffect, ...]:
    """What becomes of the texts of others, by enrollment; read before it is written, for their rows change then."""
    return tuple(OtherEffect(whose, texts_of(one)) for whose, one in differences.items() if one.changes_anything)


def texts_of(difference: PlanDifference) -> tuple[TextEffect, ...]:
    """What becomes of each text of one enrollment; what needs a call first."""
    return tuple(_texts_of(difference))


def _texts_of(difference: PlanDifference) -> Iterator[TextEffect]:
    for what, name in (*_LISTS.items(), (What.REWORDED, "reread")):
        entries: tuple[PlannedChange, ...] = getattr(difference, name)
        has_left = name in {"wrong_now", "reread"}
        for entry in entries:
            row, planned = entry.row, entry.planned
            if planned is not None and not has_left:
                text = planned.text
            else:
                text = (row.sent_text or row.text) if row is not None else ""
            yield TextEffect(
                what=what,
                step=entry.step,
                kind=row.kind if row is not None else (planned.kind.value if planned is not None else ""),
                message=row.id if row is not None else None,
                was_due_at=row.due_at if row is not None else None,
                due_at=planned.due_at if planned is not None and what in _LEAVES and not has_left else None,
                text=text,
                why=entry.why,
                needs_call=entry.for_staff or what in (What.WRONG_NOW, What.EXPIRED, What.PASSED),
            )


def fields_of(stored: Enrollment, facts: EnrollmentFacts, wanted: ChangeRequest) -> dict[str, Any]:
    """What the enrollment has in every field of the table, once `wanted` is so and planning sees `facts`."""
    known = {field.name: value_of(field, stored) for field in KEPT}
    said = {
        field.name: value
        for field in CHANGEABLE
        if field.is_kept and (value := getattr(wanted, field.name)) is not None
    }
    planned = {name: getattr(facts, name) for name in PLANNED}
    name = known["name"] if wanted.name is None else check_name(wanted.name).full
    return {
        "state": facts.state.value,
        **known,
        **said,
        **planned,
        "name": name,
        "phone": facts.phone,
        "protocol": facts.protocol.id,
        "version": facts.protocol.version,
        "answers": dict(facts.answers),
        "restrictions": dict(facts.restrictions),
        "cleared": dict(facts.cleared),
    }


def _fields_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}


def _text_json(text: TextEffect) -> dict[str, Any]:
    return {
        "message": text.message,
        "step": text.step,
        "what": text.what.value,
        "was_due_at": text.was_due_at.isoformat() if text.was_due_at else None,
        "due_at": text.due_at.isoformat() if text.due_at else None,
        "text": text.text,
        "why": text.why,
    }
