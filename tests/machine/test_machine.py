"""Whatever happens in whatever order: every promise that can be read from the protocol files holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import Engine, event

from notifier.db.engine import open_engine
from tests.machine.lost import lost
from tests.machine.machine import BEGINS, PATIENTS, PHONES, PROFILES, ZONES, Clinic
from tests.machine.promises import WHICH, Course, Known
from tests.machine.search import search, without_waiting


@pytest.mark.parametrize("profile", ["everything", *PROFILES])
def test_the_promises_hold_in_every_order(profile: str, sqlite_template: Path) -> None:
    search(on_sqlite(sqlite_template, profile), seeds=[0], examples=2, steps=20)


def test_a_number_that_has_one_of_the_treatments_already_is_refused_to_the_others_or_done(
    sqlite_template: Path,
) -> None:
    """Lips of one day on both numbers, and the face beside one of them is given the other number."""
    with by_hand(sqlite_template) as clinic:
        clinic.change_phone(at=None, number=0, phone="+12125550125")
        clinic.enroll_another(who=PATIENTS[0], course=("lips", 0, False), zone=ZONES[0], language="en")
        clinic.enroll_another(who=PATIENTS[0], course=("face", 0, True), zone=ZONES[0], language="en")
        clinic.change_phone(at=None, number=2, phone="+12125550125")
        assert {"B": "lips", "C": "lips", "D": "face"} == {
            whose: course.protocol for whose, course in clinic.world.known.courses.items()
        }


def test_you_may_again_waits_until_a_person_has_told_the_rule_whose_text_came_back(sqlite_template: Path) -> None:
    left = {}
    for is_told in (False, True):
        with by_hand(sqlite_template) as clinic:
            for _ in range(4):  # it is tried a second time, and so is the catch-up
                clinic.live(minutes=65)
                clinic.receipt(number=0, what=("failed", 30008), by_webhook=True)
            if is_told:
                clinic.change_state(at=None, number=0, what="inform")
            clinic.live_on(days=2)
            clinic.live_on(days=1)
            left[is_told] = [found["step"] for _, text in clinic.world.texts if (found := WHICH.search(text.body))]
    failed = ["today", "today", "catch-up", "catch-up"]
    assert {False: failed, True: [*failed, "makeup-again"]} == left


def test_a_number_is_told_the_rules_once_however_often_the_patient_changes_it(sqlite_template: Path) -> None:
    with by_hand(sqlite_template) as clinic:
        for phone in (PHONES[0], PHONES[2], PHONES[1], PHONES[2], PHONES[0]):
            clinic.change_phone(at=None, number=0, phone=phone)
            clinic.live(minutes=65)
        assert [("today", PHONES[0]), ("catch-up", PHONES[2]), ("catch-up", PHONES[1])] == _left(clinic)


def test_you_may_again_goes_to_a_number_that_was_told_the_rule_even_when_it_was_another_meanwhile(
    sqlite_template: Path,
) -> None:
    left = {}
    for is_given_back in (False, True):
        with by_hand(sqlite_template) as clinic:
            clinic.live_on(days=1)  # too little of the rule is left for a catch-up
            clinic.change_phone(at=None, number=0, phone=PHONES[2])
            clinic.live(minutes=65)
            if is_given_back:
                clinic.change_phone(at=None, number=0, phone=PHONES[0])
        left[is_given_back] = _left(clinic)
    today = ("today", PHONES[0])
    assert {False: [today], True: [today, ("makeup-again", PHONES[0])]} == left


def test_what_may_not_leave_keeps_its_places_but_not_every_place() -> None:
    """Nothing has left of two courses on one number; what of the second one is promised, whatever the first one is."""
    ana, bob = (Course(whose, f"{whose} Ruiz", PHONES[0], "face", BEGINS, ZONES[0], "en", BEGINS) for whose in "AB")
    missing = {}
    for state in ("cancelled", "informed", "held", "untold"):
        first = replace(ana, cancelled=state == "cancelled", held=state == "held", informed=state == "informed")
        known = Known({"A": first, "B": bob})
        found = lost(known, [], arrived=[], since=BEGINS, until=BEGINS + timedelta(days=9), in_review=set())
        missing[state] = [one.split()[1] for one in found if " of B," in one]
    all_but_lifts = ["today", "wash", "ask-us"]
    assert {"cancelled": all_but_lifts, "informed": all_but_lifts, "held": ["today"], "untold": ["today"]} == missing


def _left(clinic: Clinic) -> list[tuple[str, str]]:
    return [(found["step"], text.phone) for _, text in clinic.world.texts if (found := WHICH.search(text.body))]


@contextmanager
def by_hand(template: Path) -> Iterator[Clinic]:
    """The clinic on a Friday afternoon; Ana's lips were treated a moment ago."""
    with without_waiting():
        clinic = on_sqlite(template)()
        clinic.begin(who=PATIENTS[0], course=("lips", 0, False), zone=ZONES[0], language="en")
        try:
            yield clinic
        finally:
            clinic.teardown()


def on_sqlite(template: Path, which: str = "everything") -> type[Clinic]:
    """The clinic on a fresh copy of the migrated file for each run."""

    @contextmanager
    def fresh(place: Path) -> Iterator[Engine]:
        copyfile(template, place / "notifier.db")
        engine = open_engine(f"sqlite:///{place / 'notifier.db'}")
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        yield engine
        engine.dispose()

    class OnSqlite(Clinic):
        open_engine = staticmethod(fresh)
        profile = which

    return OnSqlite
