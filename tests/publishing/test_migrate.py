"""A changed protocol: what it would do to whom, moving running patients, and taking that back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.db.events import of_enrollment
from notifier.db.tables import Enrollment, Message
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.publishing import migrate as migrating
from notifier.publishing.approve import approve
from notifier.publishing.effect import protocol_effect
from notifier.publishing.effect_sentences import effect_summary
from schedules.protocol import CareProtocol
from tests.setups.changed import DAY, FRESH, HOUR, TOLD, Changed
from tests.setups.clinic import ClinicSetup


@pytest.fixture
def changed(clinic: ClinicSetup) -> Changed:
    return Changed(clinic)


def test_the_effect_says_for_each_running_patient_what_moves_and_who_was_misinformed(changed: Changed) -> None:
    before = changed.clinic.texts(changed.told), changed.clinic.texts(changed.fresh)
    found = changed.effect()

    by_patient = {one.enrollment: one.effect for one in found.patients}
    said = {
        whose: sorted((text.what.value, text.step) for text in effect.texts)
        for whose, effect in by_patient.items()
        if effect is not None
    }
    told = [("moved", "sun-again"), ("wrong_now", "today")]
    assert {changed.told: told, changed.fresh: [("moved", "sun-again"), ("reworded", "today")]} == said
    assert [changed.told] == [one.enrollment for one in found.misinformed]
    assert "Told otherwise: 1; not yet: 1." in effect_summary(found)
    assert before == (changed.clinic.texts(changed.told), changed.clinic.texts(changed.fresh))


def test_whose_aftercare_is_over_is_counted_and_stays_as_is(clinic: ClinicSetup) -> None:
    """Ten months later the first has nothing left; the others have a length of their own, a text, or a new course."""
    later, new = (
        clinic.now + 300 * DAY,
        CareProtocol.from_content(clinic.protocols["plain"].content.replace('"days":7', '"days":10')),
    )
    numbers = [f"+121255501{one}" for one in range(41, 46)]
    over, own, waits, _ = (clinic.enroll(phone=one).enrollment for one in numbers[:4])
    lately = clinic.enroll(phone=numbers[4], at=later - 12 * DAY, now=later - 12 * DAY).enrollment
    with writing(clinic.engine) as session:
        for text in session.scalars(select(Message)):
            text.state = MessageState.PLANNED if text.enrollment_id == waits else MessageState.DELIVERED
        session.get_one(Enrollment, own).restrictions = {"sun": "11m"}
        session.get_one(Enrollment, over).restrictions = {"sun": "8m"}
    with reading(clinic.engine) as session:
        found = protocol_effect(session, "plain", protocols={"plain": new}, rules=clinic.rules, now=later)
        same = protocol_effect(session, "plain", protocols=clinic.protocols, rules=clinic.rules, now=later)
    assert ([own, waits, lately], 2, 0) == (sorted(one.enrollment for one in found.patients), found.over, found.on_it)
    assert ([], 2, 3) == ([*same.patients], same.over, same.on_it)
    assert "Aftercare is over for 2 more; they stay as they are." in effect_summary(found)


def test_who_has_read_the_same_in_other_words_was_not_told_otherwise(clinic: ClinicSetup) -> None:
    """In the patient's own language: what was put right in Spanish alone is wrong for who reads Spanish."""
    mine: dict[str, Any] = {"protocol": "makeup-only", "answers": {"shaves": "no"}}
    english = clinic.enroll(name="Ana Ruiz", phone=TOLD, **mine).enrollment
    spanish = clinic.enroll(name="Bea Holm", phone=FRESH, language="es", **mine).enrollment
    for one in (english, spanish):
        clinic.send(clinic.texts(one)["today"], clinic.now + HOUR)
    old = clinic.protocols["makeup-only"].content
    texts = "no makeup until {makeup.until}", "sin maquillaje hasta {makeup.until}"

    def told(now: str, ahora: str) -> list[list[int]]:
        new = CareProtocol.from_content(old.replace(texts[0], now).replace(texts[1], ahora))
        with reading(clinic.engine) as session:
            found = protocol_effect(
                session, new.id, protocols={new.id: new}, rules=clinic.rules, now=clinic.now + 2 * HOUR
            )
        return [[one.enrollment for one in some] for some in (found.misinformed, found.reworded)]

    rows: tuple[tuple[str, str, list[int], list[int]], ...] = (
        ("please, no makeup until {makeup.until}", texts[1], [], [english]),
        ("no makeup, {phone}, until {makeup.until}", texts[1], [], [english]),
        (texts[0], f"por favor, {texts[1]}", [], [spanish]),
        (texts[0], f"{texts[1]}, ni 2 capas", [spanish], []),
        ("no makeup for now", texts[1], [english], []),
        ("you may use makeup again after {makeup.until}", texts[1], [english], []),
        ("no sun or makeup until {makeup.until}", texts[1], [english], []),  # though the protocol restricts no sun
        ("no makeup and no shaving until {makeup.until}", texts[1], [english], []),
        ("usually no makeup until {makeup.until}", texts[1], [english], []),
    )
    assert [[wrong, other] for *_, wrong, other in rows] == [told(now, ahora) for now, ahora, *_ in rows]


def test_all_or_only_those_not_yet_told_are_moved_and_nobody_unless_asked(changed: Changed) -> None:
    was = changed.sun(changed.told)
    assert [changed.fresh] == [one.enrollment for one in changed.migrate(not_told=True).effects]
    assert (was, was + 3 * DAY) == (changed.sun(changed.told), changed.sun(changed.fresh))
    done = changed.migrate()
    assert [changed.told] == done.misinformed
    assert was + 3 * DAY == changed.sun(changed.told)
    with reading(changed.clinic.engine) as session:
        history = [event.why for event in of_enrollment(session, changed.told) if event.what == "migrated"]
    assert [f"to version {changed.new.version} of plain"] == history
    with pytest.raises(Refused, match="no running patient of plain can be moved"):
        changed.migrate()


def test_who_was_told_between_the_look_and_the_move_stays_where_only_the_untold_are_moved(changed: Changed) -> None:
    seen = changed.effect()
    changed.clinic.send(changed.clinic.texts(changed.fresh)["today"], changed.clinic.now)
    done = changed.migrate(seen, not_told=True)
    assert ((), [changed.fresh]) == (done.effects, [whose for whose, _ in done.stayed])


def test_a_migration_is_taken_back_within_an_hour_and_what_left_meanwhile_is_listed(changed: Changed) -> None:
    before = changed.clinic.texts(changed.told)["sun-again"], changed.clinic.texts(changed.fresh)["today"]
    changed.migrate()
    changed.clinic.send(changed.clinic.texts(changed.fresh)["today"], changed.clinic.now + HOUR / 4)
    back = changed.undo(after=HOUR / 2)

    assert [(changed.fresh, "today")] == list(back.left)
    assert [changed.fresh] == back.misinformed  # ten days were said, and seven hold again
    after = changed.clinic.texts(changed.told)["sun-again"], changed.clinic.texts(changed.fresh)["today"]
    assert before[0].due_at == after[0].due_at
    assert MessageState.DELIVERED is after[1].state
    with pytest.raises(Refused, match="none to take back"):
        changed.undo(after=HOUR / 2)


def test_what_is_broken_off_loses_nobody_and_moves_nobody_twice_there_and_back(
    changed: Changed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine stops between two patients, once on the way there and once on the way back."""
    monkeypatch.setattr(migrating, "_AT_ONCE", 1)
    both = {changed.told, changed.fresh}
    was = {whose: changed.sun(whose) for whose in both}

    def stops_after(transactions: int) -> None:
        left = iter(range(transactions))

        @contextmanager
        def change(self: Changed) -> Iterator[Session]:
            if next(left, None) is None:
                raise ConnectionError
            with writing(self.clinic.engine) as session:
                yield session

        monkeypatch.setattr(Changed, "_change", property(lambda self: partial(change, self)))

    def moved() -> int:
        return sum(changed.sun(whose) == was[whose] + 3 * DAY for whose in both)

    stops_after(1)
    with pytest.raises(ConnectionError):
        changed.migrate()
    assert 1 == moved()
    stops_after(99)
    assert (1, 2) == (len(changed.migrate().effects), moved())
    stops_after(1)  # it is written down that this migration is taken back, and nobody is back
    with pytest.raises(ConnectionError):
        changed.undo(after=HOUR / 2)
    stops_after(99)
    assert [(1, 1), (1, 0)] == [(len(changed.undo(after=HOUR / 2).effects), moved()) for _ in both]
    with pytest.raises(Refused, match="none to take back"):
        changed.undo(after=HOUR / 2)


def test_after_an_hour_nothing_is_taken_back(changed: Changed) -> None:
    changed.migrate()
    with pytest.raises(Refused, match="none to take back"):
        changed.undo(after=HOUR + timedelta(minutes=1))


def test_until_a_clinician_has_approved_it_in_the_language_nobody_is_moved(changed: Changed) -> None:
    found = changed.effect(must_be_approved=True)
    assert (("en",), []) == (found.waiting, found.movable)
    with pytest.raises(Refused, match="approves it in en first"):
        changed.migrate(found)
    changed.clinic.act(approve, changed.new, by="Dr. Lee", now=changed.clinic.now)
    assert 2 == len(changed.effect(must_be_approved=True).movable)
