"""What needed a person is listed until a person's closing is in the history, whatever happens."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.close import close_reply
from notifier.conversations.receive import InboundText, receive
from notifier.db import outbox
from notifier.db.engine import reading, writing
from notifier.db.seen_to import mark_ended, mark_running
from notifier.db.tables import Event, Message, Reply
from notifier.domain.open_replies import TextsDecision
from notifier.domain.states import LEGAL_MOVES, MessageState
from notifier.domain.tasks import TaskKind, TaskOutcome, TaskRef
from notifier.oversight.alerts.alert_rules import AlertRules, find_causes
from notifier.oversight.alerts.stored_alerts import gather, take
from notifier.tasks.close import close_tasks
from notifier.tasks.counts import count_tasks
from notifier.tasks.groups import Place, task_page
from notifier.tasks.pieces import snoozed_tasks
from notifier.tasks.reopen import reopen_task
from notifier.tasks.snooze import snooze_tasks

S = MessageState
PHONES = ("+12125550101", "+12125550102", "+12125550103")
WORDS = ("is this normal?", "it is bleeding a lot", "wrong number", "too many texts", "when may I run?")
NEEDS = {S.FAILED, S.UNDELIVERED, S.EXPIRED, S.UNKNOWN, S.NEEDS_REVIEW}
NO_WORK_LATE = {"expect", "check_in", "rebook"}
SEEDS, STEPS = 3, 36
RULES = AlertRules(ZoneInfo("America/New_York"))


@dataclass
class Desk:
    """What a clinic's days bring, and what must be on its list by a reckoning of our own."""

    engine: Engine
    now: datetime
    chance: random.Random
    texts: dict[int, tuple[str, MessageState]] = field(default_factory=dict)
    needed: set[TaskRef] = field(default_factory=set)
    urgent: set[TaskRef] = field(default_factory=set)
    closed: list[TaskRef] = field(default_factory=list)

    def moves_a_text(self, session: Session) -> None:
        number = self.chance.choice(sorted(self.texts))
        kind, seen = self.texts[number]
        if not (ways := sorted(LEGAL_MOVES[seen])):
            return
        to = self.chance.choice(ways)
        assert outbox.move(session, number, seen=seen, to=to, at=self.now, by="worker", why="so it went")
        self.texts[number] = (kind, to)
        ref = TaskRef(TaskKind.TEXT, number)
        self.needed.discard(ref)
        if to in NEEDS and not (to is S.EXPIRED and kind in NO_WORK_LATE):
            self.needed.add(ref)

    def hears(self, session: Session) -> None:
        sid, words = f"SM{self.chance.random()}", self.chance.choice(WORDS)
        receive(session, InboundText(sid, self.chance.choice(PHONES), words, self.now), self.now)
        reply = session.scalars(select(Reply).where(col(Reply.sid) == sid)).one()
        ref = TaskRef(TaskKind.REPLY, reply.id or 0)
        self.needed.add(ref)
        self.urgent |= {ref} if reply.urgent else set()

    def closes(self, session: Session) -> None:
        refs = [one for one in sorted(self.needed) if self.chance.random() < 0.3]
        for ref in refs:
            if ref.kind is TaskKind.REPLY:
                close_reply(session, ref.number, TextsDecision.STAY_HELD, now=self.now, by="dana")
        if texts := [one for one in refs if one.kind is TaskKind.TEXT]:
            how = self.chance.choice([TaskOutcome.TOLD, TaskOutcome.DONE])
            assert set(texts) == set(close_tasks(session, texts, how, now=self.now, by="dana").closed)
        self.needed -= set(refs)
        self.closed += refs

    def reopens(self, session: Session) -> None:
        still = [one for one in self.closed if one not in self.needed and self.stands(one)]
        if still:
            ref = self.chance.choice(still)
            assert reopen_task(session, ref, now=self.now, by="eli")
            self.closed.remove(ref)
            self.needed.add(ref)

    def stands(self, ref: TaskRef) -> bool:
        """Whether a text is still as it was when it was closed."""
        return ref.kind is TaskKind.REPLY or (ref in self.closed and self.texts[ref.number][1] in NEEDS)

    def puts_off(self, session: Session) -> None:
        if calm := sorted(self.needed - self.urgent):
            until = self.now + timedelta(days=self.chance.randint(1, 20))
            snooze_tasks(session, [self.chance.choice(calm)], until, now=self.now, by="dana")

    def ends_and_runs_again(self, session: Session) -> None:
        """A cancellation that is taken back leaves everything as it was."""
        mark_ended(session, 1)
        mark_running(session, 1)

    def waits(self, _session: Session) -> None:
        self.now += timedelta(days=self.chance.choice([0, 1, 2, 5, 40]))

    def listed(self) -> list[TaskRef]:
        """Everything that the pages show, each page asked for."""
        with reading(self.engine) as session:
            found = [one.ref for one in snoozed_tasks(session, self.now, limit=500)]
            for older in (False, True):
                after: Place | None = None
                while True:
                    page = task_page(session, self.now, older=older, after=after, limit=3)
                    found += [one.ref for group in page.groups for one in group.tasks]
                    if page.next is None:
                        break
                    after = Place.parse(str(page.next))
            counts = count_tasks(session, self.now)
        assert counts.pieces + counts.snoozed >= len(found)
        return [one for one in found if one.kind is not TaskKind.HOLD]


def test_what_needed_a_person_is_listed_until_a_persons_closing_is_in_the_history(
    engine: Engine, rows: Any, now: datetime
) -> None:
    for seed in range(SEEDS):
        desk = Desk(engine, now + timedelta(days=100 * seed), random.Random(seed))
        with writing(engine) as session:
            close_all(session, desk.now)
            for place, phone in enumerate(PHONES):
                whose = rows.enrollment(session, phone=phone, folded_name=f"p{seed}-{place}", name=f"P{place}")
                for kind in ("restrict", "care", "expect", "check_in", "rebook", "lift"):
                    number = rows.message(session, whose, phone=phone, kind=kind, nominal_at=desk.now, topics=["sun"])
                    desk.texts[number] = (kind, S.PLANNED)
        acts = (
            *(desk.moves_a_text,) * 6, *(desk.hears,) * 2, desk.closes, desk.reopens, desk.puts_off,
            desk.ends_and_runs_again, desk.waits,
        )  # fmt: skip
        for step in range(STEPS):
            with writing(engine) as session:
                desk.chance.choice(acts)(session)
            if step % 9 == 0 or step == STEPS - 1:
                assert (seed, step, sorted(desk.needed)) == (seed, step, sorted(desk.listed()))
        with reading(engine) as session:
            closings = col(Event.what).in_(["told_in_person", "seen_to"])
            by_persons = session.scalars(select(col(Event.message_id)).where(closings))
            assert {one.number for one in desk.closed if one.kind is TaskKind.TEXT} <= set(by_persons)


def close_all(session: Session, now: datetime) -> None:
    """What an earlier history has left."""
    for reply in session.scalars(select(Reply).where(col(Reply.closed_at).is_(None))).all():
        close_reply(session, reply.id or 0, TextsDecision.STAY_HELD, now=now, by="dana")
    texts = session.scalars(
        select(col(Message.id)).where(col(Message.seen_to).is_(None), col(Message.state).in_(NEEDS))
    )
    close_tasks(session, [TaskRef(TaskKind.TEXT, one or 0) for one in texts], TaskOutcome.DONE, now=now, by="dana")


def test_an_alert_about_a_text_stays_until_a_person_has_closed_the_text(
    engine: Engine, rows: Any, now: datetime
) -> None:
    with writing(engine) as session:
        number = rows.message(session, rows.enrollment(session), state=S.UNDELIVERED, left_at=now)
    at = now
    for days in (0, 2, 5, 60):
        at = now + timedelta(days=days)
        with writing(engine) as session:
            causes = find_causes(gather(session, at), RULES, at)
            take(session, causes, now=at)
            assert (days, True) == (days, f"bounced-{number}" in {one.key for one in causes})
    with writing(engine) as session:
        close_tasks(session, [TaskRef(TaskKind.TEXT, number)], TaskOutcome.DONE, now=at, by="dana")
        causes = find_causes(gather(session, at), RULES, at)
    assert f"bounced-{number}" not in {one.key for one in causes}


def test_a_text_that_fails_again_is_open_again(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        number = rows.message(session, rows.enrollment(session), state=S.FAILED)
        ref = TaskRef(TaskKind.TEXT, number)
        assert (ref,) == close_tasks(session, [ref], TaskOutcome.TOLD, now=now, by="dana").closed
        assert 0 == count_tasks(session, now).pieces
        for seen, to in ((S.FAILED, S.PLANNED), (S.PLANNED, S.ATTEMPTING), (S.ATTEMPTING, S.FAILED)):
            assert outbox.move(session, number, seen=seen, to=to, at=now, by="worker", why=None)
        assert 1 == count_tasks(session, now).pieces
