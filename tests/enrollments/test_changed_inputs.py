"""Settings that shape every plan have changed: the running plans follow, and the preview is the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from notifier.db import replans
from notifier.db.engine import reading
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.changed_inputs import ask_for_changed
from notifier.enrollments.commands import Cancel
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.outlook import look_ahead
from notifier.enrollments.plans import enrollments_on, facts_of
from notifier.enrollments.replan import replan
from schedules.quiet_days import QuietDays
from schedules.send_window import SendWindow
from tests.setups.clinic import ANA, BOB, ClinicSetup

DAY = timedelta(days=1)


def differs(clinic: ClinicSetup, rules: PlanningRules, phone: str) -> bool:
    """Whether what stands in the outbox is something else than what a preview would show now."""
    with reading(clinic.engine) as session:
        company = [facts_of(session, one) for one in enrollments_on(session, [phone])]
        return bool(look_ahead(session, company, rules, clinic.now, before=company).differences())


def test_the_running_plans_follow_changed_settings_once_in_batches_and_nothing_else_does(clinic: ClinicSetup) -> None:
    ana, bob = clinic.enroll().enrollment, clinic.enroll(name="Bob Stone", phone=BOB).enrollment
    clinic.act(apply, bob, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    clinic.act(replan, clinic.rules, clinic.now)
    assert 0 == clinic.act(ask_for_changed, clinic.rules, clinic.now), "the first look only writes down"
    assert 0 == clinic.act(ask_for_changed, clinic.rules, clinic.now)
    lift = clinic.texts(ana)["makeup-again"].due_at
    assert lift is not None
    closed = SendWindow(quiet=QuietDays(dates=frozenset({(clinic.now + DAY).date()})))
    rules = replace(clinic.rules, window=closed)
    assert differs(clinic, rules, ANA)
    assert 1 == clinic.act(ask_for_changed, rules, clinic.now), "only who still runs"
    assert 0 == clinic.act(ask_for_changed, rules, clinic.now)
    assert 1 == clinic.act(replan, rules, clinic.now)
    moved = clinic.texts(ana)["makeup-again"].due_at
    assert moved is not None
    assert (True, False) == (moved - lift > timedelta(hours=12), differs(clinic, rules, ANA))
    assert {MessageState.CANCELLED} == set(clinic.states(bob).values())
    with reading(clinic.engine) as session:
        assert not replans.is_any_waiting(session)


def test_every_setting_that_shapes_a_plan_counts(clinic: ClinicSetup) -> None:
    clinic.enroll()
    clinic.act(ask_for_changed, clinic.rules, clinic.now)
    voice = clinic.rules.voice
    for changed in (
        {"window": SendWindow.parse("10:00-20:00")},
        {"timezone": "America/Denver"},
        {"max_texts_per_day": 3},
        {"voice": replace(voice, phone="(212) 555-0999")},
    ):
        rules = replace(clinic.rules, **changed)
        assert (changed, 1) == (changed, clinic.act(ask_for_changed, rules, clinic.now))
        assert 1 == clinic.act(ask_for_changed, clinic.rules, clinic.now), "and back"
