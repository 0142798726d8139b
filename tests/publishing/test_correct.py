"""A correction: written, approved, sent once to exactly those who were told otherwise, withdrawn with its cause."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.events import of_enrollment
from notifier.db.outbox import left_today, messages_of
from notifier.db.tables import Enrollment, Message
from notifier.domain.informed import informed_by_text
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change
from notifier.enrollments.lifecycle import apply
from notifier.numbers.holds import hold_number
from notifier.numbers.opt_outs import opt_out
from notifier.oversight.explain import explain
from notifier.publishing.correct import Correction, preview_correction, send_correction
from notifier.publishing.correction_words import approve_correction, write_correction
from notifier.publishing.migrate_command import Migrate
from notifier.sending.decide import Send, Wait
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from tests.setups.changed import DAY, HOUR, Changed
from tests.setups.clinic import ClinicSetup

WORDS = "{clinic}: put right: no sun until {sun.until}. {phone}. STOP to opt out."


class Corrected(Changed):
    """The two of `Changed`, moved; and two more who were told: one has opted out since, one is on hold."""

    def __init__(self, clinic: ClinicSetup) -> None:
        self.out, self.held = (
            clinic.enroll(name=name, phone=f"+1212555014{at}").enrollment
            for at, name in enumerate(("Cy Out", "Di Held"))
        )
        for one in (self.out, self.held):
            clinic.send(clinic.texts(one)["today"], clinic.now + HOUR)
        super().__init__(clinic)
        self.clinic.act(opt_out, "+12125550140", source="reply", at=self.clinic.now, by="patient")
        self.clinic.act(hold_number, "+12125550141", reason="asked by phone", at=self.clinic.now, by="desk")
        self.migrate()

    def write(self, words: str = WORDS) -> Any:
        clinic = self.clinic
        return clinic.act(write_correction, "plain", {"en": words}, rules=clinic.rules, now=clinic.now, by="desk")

    def look(self, *, must_be_approved: bool = False) -> Correction:
        with reading(self.clinic.engine) as session:
            return preview_correction(session, "plain", rules=self.rules(must_be_approved), now=self.clinic.now)

    def send(self, seen: Correction | None = None, *, must_be_approved: bool = False) -> Correction:
        found = seen or self.look(must_be_approved=must_be_approved)
        change, rules = partial(writing, self.clinic.engine), self.rules(must_be_approved)
        return send_correction(change, found, rules=rules, now=self.clinic.now, by="desk")

    def step(self, enrollment: int) -> Any:
        return self.clinic.texts(enrollment).get("correction-1")


@pytest.fixture
def corrected(clinic: ClinicSetup) -> Corrected:
    return Corrected(clinic)


def test_exactly_those_who_were_told_otherwise_get_one_text_and_whom_it_cannot_reach_is_a_call(
    corrected: Corrected,
) -> None:
    corrected.write()
    seen = corrected.look()
    assert [corrected.told] == seen.sent_to
    calls = {call.enrollment: call.why for call in seen.call_patient}
    said = {
        corrected.out: "the number has opted out; tell the patient in person",
        corrected.held: "the number is on hold: asked by phone; tell the patient in person",
    }
    assert said == calls
    assert corrected.step(corrected.told) is None

    corrected.send(seen)
    row = corrected.step(corrected.told)
    end = corrected.sun(corrected.told)
    assert ("correction", ["sun"], MessageState.PLANNED, corrected.clinic.now, "Clinic: put right: no sun until") == (
        row.kind, list(row.topics), row.state, row.due_at, row.text[:31])  # fmt: skip
    assert row.expires_at <= end
    assert [MessageState.EXPIRED] * 2 == [corrected.step(one).state for one in (corrected.out, corrected.held)]
    assert corrected.step(corrected.fresh) is None
    with reading(corrected.clinic.engine) as session:
        history = [(one.what, one.by) for one in of_enrollment(session, corrected.told) if one.what == "corrected"]
    assert [("corrected", "desk")] == history


def test_nobody_gets_a_second_one_whatever_became_of_the_first(corrected: Corrected) -> None:
    corrected.write()
    seen = corrected.look()
    corrected.send(seen)
    again = corrected.send(seen)  # a second press of the same button
    assert ((), sorted([corrected.told, corrected.out, corrected.held])) == (again.effects, sorted(again.already))
    with pytest.raises(Refused, match="nobody to send the correction of plain to"):
        corrected.send()


def test_only_words_that_a_clinician_has_approved_are_sent_and_an_edit_waits_again(corrected: Corrected) -> None:
    clinic = corrected.clinic
    corrected.write()
    waits = corrected.look(must_be_approved=True)
    assert ((), {"en"}) == (waits.effects, set(waits.waiting or {}))
    with pytest.raises(Refused, match="a clinician approves its words in en first"):
        corrected.send(waits, must_be_approved=True)
    assert ["en"] == clinic.act(approve_correction, "plain", now=clinic.now, by="Dr. Lee")
    assert [corrected.told] == corrected.look(must_be_approved=True).sent_to
    corrected.write(WORDS.replace("put right", "we were wrong"))
    assert [] == corrected.look(must_be_approved=True).sent_to
    with pytest.raises(Refused, match="changed since you read them"):
        clinic.act(approve_correction, "plain", seen={"en": 1}, now=clinic.now, by="Dr. Lee")


def test_words_are_checked_as_those_of_a_protocol(corrected: Corrected) -> None:
    wrong = (
        ("No sun until {sun.until}. STOP to opt out.", "does not begin with who is speaking"),
        ("{clinic}: no sun until {sun.until}.", "offers no way out"),
        ("{clinic}: no sun for 10 days. STOP to opt out.", "10 days"),
        ("{clinic}: no sun for {sun.length}. STOP to opt out.", "prints ends alone"),
        ("{clinic}: you may use makeup again. STOP to opt out.", "you may"),
        ("{clinic}: no sun until {sun.until}, that is normal. STOP to opt out.", "says what is normal"),
        ("{clinic}: no tan until {tan.until}. STOP to opt out.", "tan"),
        ("{clinic}: no sun until {sun.until} " + "and again " * 40 + "STOP to opt out.", "segments"),
        ("{clinic}: no sun until {sun.until} \N{SUN WITH FACE}. STOP to opt out.", "cuts a segment"),
        (" ", "is empty"),
    )
    for words, why in wrong:
        with pytest.raises(Refused, match=why):
            corrected.write(words)
    assert ["en"] == corrected.write()
    assert [] == corrected.write()


def test_what_has_not_left_follows_the_number_and_the_end_and_is_withdrawn_where_the_patient_is_moved_on(
    corrected: Corrected,
) -> None:
    clinic, whose = corrected.clinic, corrected.told
    corrected.write()
    corrected.send()
    said = corrected.step(whose).text
    later = ChangeRequest(phone="+12125550139", treated_at=clinic.now + 20 * HOUR - DAY)
    clinic.act(apply, whose, Change(later), rules=clinic.rules, now=clinic.now, by="desk")
    row = corrected.step(whose)
    assert ("+12125550139", MessageState.PLANNED, True) == (row.phone, row.state, row.text != said)

    on = clinic.act(apply, whose, Migrate(corrected.old), rules=clinic.rules, now=clinic.now, by="desk")
    assert MessageState.CANCELLED is corrected.step(whose).state
    assert "correction-1" in [call.step for call in on.call_patient]


def test_it_leaves_on_a_full_day_counts_for_it_waits_for_the_window_and_tells_the_rule(corrected: Corrected) -> None:
    clinic, whose = corrected.clinic, corrected.told
    corrected.write()
    corrected.send()
    row, rules = corrected.step(whose), clinic.rules
    with reading(clinic.engine) as session:
        due = Due.of(session.execute(select(*DECIDED_BY).join(Enrollment).where(col(Message.id) == row.id)).one())

        def decided(hours: int, most: int) -> Any:
            facts = FactsOfBatch.of(
                session, [due], window=rules.window, offices=rules.offices, staffed=None, most=most,
                now=clinic.now + hours * HOUR,
            )  # fmt: skip
            return facts.decide(due, clinic.now + hours * HOUR)

        assert (Send, Wait) == (type(decided(0, 1)), type(decided(9, 1)))
    clinic.send(row, clinic.now)
    with reading(clinic.engine) as session:
        assert 2 == len(left_today(session, {row.phone}, clinic.now)[row.phone])
        rows = messages_of(session, whose)
        explained = explain(session, row.id or 0, rules=rules)
    assert "sun" in informed_by_text([one for one in rows if one.kind != "restrict"], row.phone)
    assert "is a correction" in explained[0]


def test_a_correction_that_has_not_left_is_withdrawn_with_the_migration_that_it_corrects(corrected: Corrected) -> None:
    corrected.write()
    corrected.send()
    corrected.undo(after=HOUR / 2)
    row = corrected.step(corrected.told)
    assert (MessageState.CANCELLED, "what it corrects was taken back") == (row.state, row.reason)


def test_one_that_has_left_is_listed_when_the_migration_is_taken_back_for_what_it_said_is_wrong(
    corrected: Corrected,
) -> None:
    corrected.write()
    corrected.send()
    corrected.clinic.send(corrected.step(corrected.told), corrected.clinic.now)
    back = corrected.undo(after=HOUR / 2)
    wrong = {
        (one.enrollment, text.step) for one in back.effects for text in one.texts if text.what.value == "wrong_now"
    }
    assert {(corrected.told, "correction-1")} == wrong
