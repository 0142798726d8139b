"""The oracle sees what is broken: each of these worlds is wrong in one thing, and is found out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from notifier.db.engine import writing
from notifier.db.tables import Event
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import opt_out
from notifier.sandbox.messages import LedgerEntry
from tests.conftest import Rows
from tests.faults.invariants import Findings, check_invariants

S = MessageState
NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
PHONE, SID, WORDS = "+12125550101", "SM" + "1" * 32, "Glow: keep it clean."
LEFT = LedgerEntry(NOON, SID, PHONE, WORDS, None, None)
OTHER = replace(LEFT, created_at=NOON + timedelta(minutes=13, seconds=59), body="Other words.")


@dataclass
class Scene:
    """One text that has left well, unless said otherwise; treated four days ago."""

    row: dict[str, Any] = field(default_factory=dict)
    moves: tuple[tuple[S, S], ...] = ((S.PLANNED, S.ATTEMPTING), (S.ATTEMPTING, S.ACCEPTED))
    ledger: tuple[LedgerEntry, ...] = (LEFT,)
    opted_out_first: bool = False
    again: bool = False
    """A second row, with the same SID."""
    log: str = ""

    def look(self, engine: Engine) -> Findings:
        rows = Rows(NOON - timedelta(days=4))
        same = {"phone": PHONE, "text": WORDS, "nominal_at": NOON, "due_at": NOON, "sid": SID, "state": S.ACCEPTED}
        when = {"not_before": NOON - timedelta(hours=1), "expires_at": NOON + timedelta(days=1)}
        with writing(engine) as session:
            whose = rows.enrollment(session)
            text = rows.message(session, whose, **{**same, **when, **self.row})
            if self.again:
                rows.message(session, whose, **{**same, **when, "text": "Other words."})
            if self.opted_out_first:
                opt_out(session, PHONE, source="keyword", at=NOON, by="patient")
            for seen, to in self.moves:
                event = Event(enrollment_id=whose, message_id=text, at=NOON, by="worker", what="state")
                event.from_state, event.to_state = seen, to
                session.add(event)
                session.flush()
        names = {"Quilla Zedova", PHONE}
        return check_invariants(engine, self.ledger, self.log, names, now=NOON + timedelta(hours=1))


def test_a_world_that_is_well_is_found_well(sqlite_engine: Engine) -> None:
    assert Findings(texts=1, accepted=1) == Scene().look(sqlite_engine)


STUCK = [
    Scene({"state": S.UNKNOWN, "sid": SID}, ((S.PLANNED, S.ATTEMPTING), (S.ATTEMPTING, S.UNKNOWN))),
    Scene({"state": S.ATTEMPTING, "sid": SID}, ((S.PLANNED, S.ATTEMPTING),)),
    Scene({"state": S.PLANNED, "sid": None}, (), ledger=()),
]
LOST = [
    Scene(ledger=()),
    Scene({"sid": "SM" + "2" * 32}, ledger=(replace(LEFT, sid="SM" + "2" * 32), replace(LEFT, to="+12125550199"))),
    Scene({"state": S.EXPIRED, "sid": None}, ((S.PLANNED, S.EXPIRED),), ledger=()),
    Scene({"state": S.NEEDS_REVIEW, "sid": None}, (), ledger=()),
]


@pytest.mark.parametrize("scene", STUCK, ids=["unknown", "attempting", "due"])
def test_what_nobody_cares_for_is_stuck(sqlite_engine: Engine, scene: Scene) -> None:
    assert 1 == scene.look(sqlite_engine).stuck


@pytest.mark.parametrize("scene", LOST, ids=["not there", "nobody's", "no reason", "no question"])
def test_what_has_no_true_outcome_is_lost(sqlite_engine: Engine, scene: Scene) -> None:
    assert 1 == scene.look(sqlite_engine).lost


def test_what_was_accepted_twice_is_a_duplicate(sqlite_engine: Engine) -> None:
    twice = Scene(ledger=(LEFT, replace(LEFT, sid="SM" + "2" * 32)))
    assert 1 == twice.look(sqlite_engine).duplicates


def test_what_the_carrier_gave_back_may_leave_once_more(sqlite_engine: Engine) -> None:
    twice = Scene({"retries": 1}, ledger=(LEFT, replace(LEFT, sid="SM" + "2" * 32)))
    assert 0 == twice.look(sqlite_engine).duplicates


@pytest.mark.parametrize(
    ("scene", "sentence"),
    [
        (Scene(opted_out_first=True), "after its number had opted out"),
        (Scene(ledger=(replace(LEFT, created_at=NOON + timedelta(hours=9)),)), "left at 21:00 on her clock"),
        (Scene({"phone": "+18085550101"}, ledger=(replace(LEFT, to="+18085550101"),)), "left at 12:00 on her clock"),
        (Scene({"not_before": NOON + timedelta(seconds=1)}), "useful from"),
        (Scene({"expires_at": NOON}), "useful from"),
        (Scene(moves=((S.PLANNED, S.ACCEPTED),)), "went from planned to accepted"),
        (Scene(moves=((S.DELIVERED, S.SENT), (S.SENT, S.DELIVERED))), "went from delivered to sent"),
        (Scene(moves=((S.PLANNED, S.ATTEMPTING), (S.UNKNOWN, S.ACCEPTED))), "a gap in its history"),
        (Scene(moves=((S.PLANNED, S.ATTEMPTING),)), "its history ends elsewhere"),
        (Scene(again=True), "belongs to 2 texts"),
        (Scene(again=True, ledger=(LEFT, OTHER)), "left 0:13:59 after text"),
        (Scene(log="sent to (212) 555-0101"), "the log has"),
        (Scene(log="sent to 2125550101"), "the log has"),
        (Scene(log="Dear Quilla Zedova"), "the log has"),
        (Scene(log=f"sent {WORDS!r}"), "the log has"),
    ],
)
def test_a_broken_promise_is_found(sqlite_engine: Engine, scene: Scene, sentence: str) -> None:
    broken = scene.look(sqlite_engine).broken
    assert any(sentence in found for found in broken), broken
