"""Play the script: from moment to moment, let it happen, wait until all is quiet, tell what reached the phones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from rich.console import Console

from notifier.clock import Clock
from notifier.db.engine import reading
from notifier.db.outbox import next_due
from notifier.demo.arrivals import Delivery, look_up
from notifier.demo.cast import CLINIC_NAME, CLINIC_PHONE, CLINIC_STAFFED, CLINIC_ZONE
from notifier.demo.front_desk import FrontDesk
from notifier.demo.narrator import Narrator, choose_narrator
from notifier.demo.page import open_page
from notifier.demo.quiet import count_in, is_quiet, last_meaning, state_of
from notifier.demo.script import FRIDAY, TWO_WEEKS, BusyDay, Script, Writes
from notifier.demo.stage import Stage, open_stage
from notifier.domain.counted import counted
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.states import MessageState
from notifier.promises.count import count_promises
from notifier.promises.evidence import gather
from notifier.sandbox.faults import created_then_kill
from notifier.sandbox.messages import LedgerEntry, undelivered
from schedules.send_window import SendWindow, zone_named
from schedules.wording import Voice

_S = MessageState
_WINDOW = SendWindow()
_STAFFED = StaffedHours.parse(CLINIC_STAFFED)
_RULES = PlanningRules(
    Voice(CLINIC_NAME, CLINIC_PHONE), CLINIC_ZONE, _WINDOW, staffed=_STAFFED, must_be_approved=False, first_text=True
)
_CLINIC_CLOCK = zone_named(CLINIC_ZONE)
_NOTICED = timedelta(seconds=5)
"""A jump that makes the worker ask Twilio at once for what patients wrote."""
_A_MINUTE = timedelta(minutes=1)
_HOW_IT_WAS_READ = {
    "stop": "read as STOP: {withheld} will not be sent",
    "harmless": "a thank-you files itself",
    "filed answer": "the patient is fine: it files itself, and the protocol's approved words leave",
    "answer": "the patient has a question: a task for a person",
}


def play(console: Console, script: Script = TWO_WEEKS, *, stay: Callable[[], object] | None = None) -> bool:
    """Play a whole script; whether every promise was kept. Raises StageTrouble where it cannot go on.

    With `stay`, the staff page is served on the script's data until `stay` returns.
    """
    clock = Clock()
    began = clock.monotonic()
    with open_stage(script.begins) as stage:
        playing = _Play(stage, choose_narrator(console), script)
        kept = playing.run(lambda: clock.monotonic() - began)
        if stay is not None:
            playing.lead_to(FRIDAY)
            with open_page(stage) as where:
                console.print(where, soft_wrap=True, highlight=False)
                stay()
        return kept


class _Play:
    def __init__(self, stage: Stage, narrator: Narrator, script: Script) -> None:
        self._stage, self._narrator, self._script = stage, narrator, script
        self._desk = FrontDesk(stage.engine, _RULES)
        self._to_come = list(script.happenings)
        self._stops: dict[str, datetime] = {}
        self._shown = 0
        self._today: date | None = None
        self._trap_is_set = False

    def run(self, elapsed: Callable[[], float]) -> bool:
        """Play every moment in turn, then count the promises; whether all were kept."""
        self._open()
        self._play_until(self._script.ends)
        return self._close(elapsed())

    def lead_to(self, busy: BusyDay) -> None:
        """Let a day come on which there is something to see, and say nothing of it."""
        self._narrator = choose_narrator(Console(quiet=True))
        self._to_come = list(busy.happenings)
        self._stage.sandbox.sandbox.will(busy.bounces[0].phone, undelivered(busy.bounces[1]))
        self._play_until(busy.looked_at)

    def _play_until(self, ends: datetime) -> None:
        while (at := self._next_moment(ends)) < ends:
            self._turn_page(at)
            self._set_trap(at)
            self._stage.jump(at)
            replies = self._let_happen(at)
            killed = self._settle()
            self._show_what_was_read(replies)
            self._show_arrivals(killed=killed)
        self._stage.jump(ends)
        self._settle()

    def _open(self) -> None:
        first, last = (at.astimezone(_CLINIC_CLOCK) for at in (self._script.begins, self._script.ends))
        cast = {happening.who.phone: happening.who for happening in self._script.happenings}.values()
        zones, languages = {who.timezone for who in cast}, {who.language for who in cast}
        patients = counted(len(cast), "patient")
        self._narrator.opens(
            f"{CLINIC_NAME}, {first:%B} {first.day} to {last:%B} {last.day}, {last.year}",
            [
                f"{patients}, {counted(len(zones), 'time zone')}, {counted(len(languages), 'language')}.",
                "Every time below is on the patient's own clock.",
                "The worker and its database are real. Twilio is a loopback one: no phone rings.",
            ],
        )
        if self._script.bounces is not None:
            who, code = self._script.bounces
            self._stage.sandbox.sandbox.will(who.phone, undelivered(code))

    def _next_moment(self, ends: datetime) -> datetime:
        with reading(self._stage.engine) as session:
            due = next_due(session)
        moments = [ends, *(happening.at for happening in self._to_come[:1]), *([due] if due else [])]
        return max(min(moments), self._stage.now())

    def _turn_page(self, at: datetime) -> None:
        today = at.astimezone(_CLINIC_CLOCK).date()
        if today != self._today:
            self._today = today
            self._narrator.day(today, self._script.remarks.get(today, ""))

    def _set_trap(self, at: datetime) -> None:
        """From then on this patient's next text kills the worker when Twilio has it and our database does not."""
        who, since = self._script.dies_during
        if not self._trap_is_set and at >= since:
            self._trap_is_set = True
            self._stage.sandbox.sandbox.faults.to(who.phone, created_then_kill(self._stage.pid))

    def _let_happen(self, at: datetime) -> list[Writes]:
        """What staff and patients do at this moment; what patients wrote."""
        replies: list[Writes] = []
        while self._to_come and self._to_come[0].at <= at:
            happening = self._to_come.pop(0)
            now = self._stage.now()
            if isinstance(happening, Writes):
                self._narrator.writes(now, happening.who, happening.text)
                self._stage.sandbox.receive(happening.who.phone, happening.text)
                if happening.stops:
                    self._stops[happening.who.phone] = self._stage.now()
                replies.append(happening)
                self._stage.jump(self._stage.now() + _NOTICED)  # should the worker have asked a moment before
            else:
                said = self._desk.act(happening, now)
                self._narrator.staff(now, happening.who, said.sentence, said.details)
        return replies

    def _settle(self) -> bool:
        """Wait until all is quiet; whether the worker died on the way, as it was meant to, and was started again."""
        may_die = self._trap_is_set and self._stage.starts == 1
        self._stage.wait_until(
            lambda: self._is_quiet() or (may_die and self._stage.worker_died),
            "all due texts to leave",
            alive=not may_die,
        )
        if not (may_die and self._stage.worker_died):
            return False
        self._stage.start_worker()
        self._stage.wait_until(self._is_quiet, "the new worker to find out what had left")
        return True

    def _is_quiet(self) -> bool:
        with reading(self._stage.engine) as session:
            return is_quiet(session, self._stage.sandbox.sandbox, self._stage.now())

    def _show_what_was_read(self, replies: list[Writes]) -> None:
        for written in replies:
            phone = written.who.phone
            with reading(self._stage.engine) as session:
                sentence = _HOW_IT_WAS_READ.get(last_meaning(session, phone) or "", "waits for a person to read it")
                withheld = counted(count_in(session, _S.SUPPRESSED, phone), "planned text")
            self._narrator.staff(self._stage.now(), written.who, sentence.format(withheld=withheld))

    def _show_arrivals(self, *, killed: bool) -> None:
        new = self._stage.sandbox.ledger[self._shown :]
        self._shown += len(new)
        for entry in new:
            if self._bounced(entry):
                # The carrier takes a minute to give it back.
                self._stage.jump(self._stage.now() + _A_MINUTE)
                self._stage.wait_until(partial(self._bounce_is_known, entry), "the receipt of a bounced text")
        with reading(self._stage.engine) as session:
            texts = [look_up(session, entry, _WINDOW) for entry in new]
        for one in sorted(texts, key=lambda one: one.message):  # those of one moment leave side by side
            self._show_one(one)
        if killed:
            self._show_the_crash(next(entry for entry in new if entry.to == self._script.dies_during[0].phone))

    def _show_one(self, one: Delivery) -> None:
        if one.failed is None:
            self._narrator.arrives(one.at, one.who, one.text, one.why)
            return
        self._narrator.bounces(one.at, one.who, one.text, one.failed)
        self._narrator.staff(
            self._stage.now(),
            one.who,
            f"told to ask for another number; withdrawn: {counted(one.cancelled, 'more text')} to this one",
        )

    def _show_the_crash(self, text: LedgerEntry) -> None:
        copies = sum((entry.to, entry.body) == (text.to, text.body) for entry in self._stage.sandbox.ledger)
        self._narrator.worker(
            "The worker was killed (SIGKILL) with this text: Twilio had said 201, our database had not heard.",
            trouble=True,
        )
        self._narrator.worker(
            f"Worker {self._stage.starts} asked Twilio, found the text and wrote it down. "
            f"In Twilio's ledger: {'once' if copies == 1 else f'{copies} times'}."
        )

    def _bounced(self, entry: LedgerEntry) -> bool:
        return self._stage.sandbox.sandbox.account.messages[entry.sid].status == "undelivered"

    def _bounce_is_known(self, entry: LedgerEntry) -> bool:
        with reading(self._stage.engine) as session:
            return state_of(session, entry.sid) is _S.UNDELIVERED

    def _close(self, seconds: float) -> bool:
        with reading(self._stage.engine) as session:
            kept = count_promises(gather(session, self._stage.sandbox.sandbox, self._stops, self._stage.now()))
            more = counted(count_in(session, _S.PLANNED), "more text is", "more texts are")
        days = (self._script.ends - self._script.begins).days + 1
        self._narrator.closes(kept, [f"{more} planned after that. {days} days took {seconds:.0f} seconds."])
        return not any(one.broken for one in kept)
