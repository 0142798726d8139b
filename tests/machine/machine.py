"""Every order of what staff, patients, the provider and machines may do, as hypothesis finds it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import Engine

from notifier.sending.outcomes.resolve import OnUnknown
from notifier.sending.pause_points import PausePoint
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated, Outcome, Unknown
from tests.machine.changes import STATES, change_course
from tests.machine.in_review import say_whether_they_left
from tests.machine.promises import Course
from tests.machine.rest import come_to_rest
from tests.machine.world import World
from tests.setups.fakes import Answer, created_but_lost

OpenEngine = Callable[[Path], AbstractContextManager[Engine]]
"""A fresh, migrated database for one run; the directory is the run's own."""
BEGINS = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
"""Friday 14:10 in New York; on Sunday its clocks go forward."""
PATIENTS = [("Ana Ruiz", "+12125550123"), ("Bob Ruiz", "+12125550123"), ("Eva Kim", "+14155550124")]
PHONES = ["+12125550123", "+14155550124", "+12125550125"]
ZONES = ["America/New_York", "America/Los_Angeles"]
ANSWERS: dict[str, Outcome | Answer] = {
    "lost": Unknown("Perhaps sent."),
    "created but lost": created_but_lost,
    "no network": NotCreated(NotCreatedClass.NETWORK, None, "No network."),
    "slow down": NotCreated(NotCreatedClass.SLOW_DOWN, 20429, "Slow down.", 3.0),
    "account": NotCreated(NotCreatedClass.ACCOUNT, 20003, "Refused."),
    "odd": NotCreated(NotCreatedClass.UNRECOGNIZED, 99999, "Odd."),
}
HOUR = timedelta(hours=1)
ZONE, LANGUAGE = st.sampled_from(ZONES), st.sampled_from(["en", "es"])
CLOCK_OR_WORDS = st.tuples(st.just("timezone"), ZONE) | st.tuples(st.just("language"), LANGUAGE)
which = st.integers(0, 2)
moment = st.none() | st.sampled_from(list(PausePoint))
"""None: between two turns; else when the next text is at that point of its way."""
COURSE = st.tuples(st.sampled_from(["face", "face", "lips"]), st.integers(0, 20), st.booleans())
SHIFTS = [-48, -25, -24, -12, -6, -2, 2, 6, 12, 24, 25]
"""Hours by which a date is corrected: what a text says or when it may leave becomes another, or its use is over."""
WORDS = st.sampled_from(["STOP", "stop please"])
GIVEN_BACK = st.sampled_from([("undelivered", 30003), ("failed", 30008)])
RECEIPTS = GIVEN_BACK | st.sampled_from([("sent", None), ("delivered", None)])
DATE = st.tuples(st.just("treated"), st.sampled_from(SHIFTS))
CHANGES = DATE | DATE | CLOCK_OR_WORDS | st.tuples(st.sampled_from(STATES), st.none())
"""Half of them correct a date: that moves the most."""
PROFILES: dict[str, set[str]] = {
    "numbers": {"enroll_another", "change_phone", "change_state"},
    "on the way": {
        "correct_date",
        "change_phone",
        "change_state",
        "say_stop",
        "answer",
        "say_whether_they_left",
        "live",
        "live_until_a_text",
        "live_on",
    },
    "come back": {"correct_date", "receipt", "bounce_after_a_change", "live", "live_until_a_text"},
    "machines": {
        "change_state",
        "answer",
        "lists_fail",
        "kill",
        "set_clock",
        "copy",
        "go_back",
        "recover",
        "say_whether_they_left",
        "live",
        "live_until_a_text",
        "live_on",
    },
}  # fmt: skip
"""Small worlds: in each of them what belongs together comes together soon. "everything" has all operations."""
counted: Counter[str] = Counter()
"""What all runs of this process did, for whoever reports it."""


def in_profile(do: Callable[..., None]) -> Callable[..., None]:
    """Above a rule: only the profiles that name it have it."""
    has_it = precondition(lambda self: do.__name__ in PROFILES.get(self.profile, {do.__name__}))
    decorated: Callable[..., None] = has_it(do)
    return decorated


class Clinic(RuleBasedStateMachine):
    """One clinic, one worker; `open_engine` is set by who runs it."""

    open_engine: OpenEngine
    profile = "everything"
    goes_back = True
    comes_to_rest = True
    """Each run ends with a fortnight in which all is well: half of its time."""

    @initialize(
        who=st.sampled_from(PATIENTS), course=COURSE, zone=ZONE, language=LANGUAGE,
        on_unknown=st.sampled_from(["resend_once", "review"]),
    )  # fmt: skip
    def begin(
        self,
        who: tuple[str, str],
        course: tuple[str, int, bool],
        zone: str,
        language: str,
        on_unknown: OnUnknown = "resend_once",
    ) -> None:
        self.place = TemporaryDirectory()
        self.opened = self.open_engine(Path(self.place.name))
        self.world = World(self.opened.__enter__(), BEGINS, Path(self.place.name), on_unknown)
        self.runner = asyncio.Runner()
        self.enrolled, self.is_broken = 0, False
        counted["runs"] += 1
        self._enroll(who, course, zone, language)
        if self.profile == "come back":  # it begins where something has left that may come back
            self._run(self.world.live(timedelta(days=1), until_a_text=True))

    # Staff

    @precondition(lambda self: len(self.world.known.courses) < 4)
    @in_profile
    @rule(who=st.sampled_from(PATIENTS), course=COURSE, zone=ZONE, language=LANGUAGE)
    def enroll_another(self, who: tuple[str, str], course: tuple[str, int, bool], zone: str, language: str) -> None:
        self._enroll(who, course, zone, language)

    def _enroll(self, who: tuple[str, str], course: tuple[str, int, bool], zone: str, language: str) -> None:
        protocol, ago, separate = course
        who = who if self._lives else PATIENTS[0]  # one patient, who has two numbers
        now = self.world.truth.now()
        self.enrolled += 1
        whose = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[self.enrolled % 26] * (1 + self.enrolled // 26)
        new = Course(whose, *who, protocol, now - ago * HOUR, zone, language, now, separate)
        self.world.enroll(new, second=True)

    @in_profile
    @rule(at=moment, number=which, by=st.sampled_from(SHIFTS))
    def correct_date(self, at: PausePoint | None, number: int, by: int) -> None:
        self._do(at, partial(change_course, self.world, number, "treated", by))

    @in_profile
    @rule(at=moment, number=which, phone=st.sampled_from(PHONES))
    def change_phone(self, at: PausePoint | None, number: int, phone: str) -> None:
        phone = phone if self._lives else PHONES[PHONES.index(phone) % 2]
        self._do(at, partial(change_course, self.world, number, "phone", phone))

    @in_profile
    @rule(
        at=moment,
        number=which,
        to=ZONE.map(lambda zone: ("timezone", zone)) | LANGUAGE.map(lambda code: ("language", code)),
    )
    def change_clock_or_words(self, at: PausePoint | None, number: int, to: tuple[str, str]) -> None:
        self._do(at, partial(change_course, self.world, number, *to))

    @in_profile
    @rule(at=moment, number=which, what=st.sampled_from(STATES))
    def change_state(self, at: PausePoint | None, number: int, what: str) -> None:
        self._do(at, partial(change_course, self.world, number, what, None))

    @precondition(lambda self: self.world.texts)
    @in_profile
    @rule()
    def say_whether_they_left(self) -> None:
        say_whether_they_left(self.world)

    # Patients

    @in_profile
    @rule(at=moment, phone=st.sampled_from(PHONES), words=WORDS, by_webhook=st.booleans())
    def say_stop(self, at: PausePoint | None, phone: str, words: str, by_webhook: bool) -> None:
        self._do(at, partial(self.world.write, phone, words, by_webhook=by_webhook))

    def _do(self, at: PausePoint | None, what: Callable[[], None]) -> None:
        if at is None or not self._lives:
            what()
        else:
            self.world.process.at[at] = what

    @property
    def _lives(self) -> bool:
        """Whether texts leave in this profile; else only what staff do is in question."""
        return "live" in PROFILES.get(self.profile, {"live"})

    # The provider

    @in_profile
    @rule(answers=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=3))
    def answer(self, answers: list[str]) -> None:
        self.world.provider.script.extend(ANSWERS[one] for one in answers)

    @precondition(lambda self: self.world.texts)
    @in_profile
    @rule(number=which, what=RECEIPTS, by_webhook=st.booleans())
    def receipt(self, number: int, what: tuple[str, int | None], by_webhook: bool) -> None:
        self.world.receipt(number, *what, by_webhook=by_webhook)

    @precondition(lambda self: self.world.texts)
    @in_profile
    @rule(number=which, change=CHANGES, what=GIVEN_BACK)
    def bounce_after_a_change(self, number: int, change: tuple[str, Any], what: tuple[str, int]) -> None:
        """What one of the two does to the other is seen only where they meet on one text, and before anything else."""
        change_course(self.world, number, *change)
        self.world.receipt(number, *what, by_webhook=True)

    @in_profile
    @rule(down=st.booleans())
    def lists_fail(self, down: bool) -> None:
        self.world.provider.down = down

    # Time, and machines

    @in_profile
    @rule(minutes=st.sampled_from([0, 1, 16, 65, 200]))
    def live(self, minutes: int) -> None:
        self._run(self.world.live(timedelta(minutes=minutes)))

    @in_profile
    @rule()
    def live_until_a_text(self) -> None:
        """Most of what may happen to a text can only happen once there is one."""
        self._run(self.world.live(timedelta(days=1), until_a_text=True))

    @in_profile
    @rule(days=st.sampled_from([0.4, 1, 2]))
    def live_on(self, days: float) -> None:
        self._run(self.world.live(timedelta(days=days)))

    @in_profile
    @rule(at=moment)
    def kill(self, at: PausePoint | None) -> None:
        if at is None:
            self.world.kill()
        else:
            self.world.process.dies_at = at

    @in_profile
    @rule(off=st.sampled_from([0, 0, -2, 2, -24, 24, 72]))
    def set_clock(self, off: int) -> None:
        self.world.set_clock(off * HOUR)

    @precondition(lambda self: self.goes_back)
    @in_profile
    @rule()
    def copy(self) -> None:
        self.world.snapshot()

    @precondition(lambda self: self.goes_back)
    @in_profile
    @rule(under_the_worker=st.booleans())
    def go_back(self, under_the_worker: bool) -> None:
        self.world.go_back(under_the_worker=under_the_worker)

    @in_profile
    @rule()
    def recover(self) -> None:
        if not self.world.provider.down:
            self._run(self.world.recover())

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            if self._lives and self.comes_to_rest and not self.is_broken:
                self._run(come_to_rest(self.world))
        finally:
            counted.update(texts=len(self.world.texts), operations=self.world.operations)
            self.world.process.threads.close()
            self.runner.close()
            self.opened.__exit__(None, None, None)
            self.place.cleanup()

    def _run(self, what: Any) -> None:
        self.is_broken = True
        self.runner.run(what)
        self.world.judge()
        self.is_broken = False
