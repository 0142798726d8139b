"""Thousands of made-up patients answer a question, on the real receive path, with time as an argument.

Late, doubled, spelled, Spanish, with more words, with a photo, changing their minds, and silent; a webhook and a poll
bring the same text. Lifts and texts about what is normal fall due meanwhile, and staff close what is open.

    python -m tests.conversations.asking_simulation 10000 [seed]
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.ask_again import ask_again
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import open_engine, reading, writing
from notifier.db.protocols import store_version
from notifier.db.schema import upgrade
from notifier.db.tables import Message, Reply
from notifier.numbers.release import release
from notifier.sending.claim import SendingRules, claim
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.outcomes.save import save_outcomes
from schedules.send_window import SendWindow
from tests.conftest import Rows
from tests.setups.asking import PROTOCOL, QUESTION, RULES
from tests.setups.gate import inbound_was_read
from tests.setups.sending import ALWAYS

START: Final = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
"""A Monday, nine in the morning in New York."""
STEP: Final = timedelta(minutes=10)
DAYS: Final = 6
_HELD: Final = {"lift", "expect", "ask", "check_in", "rebook"}
_FINE: Final = ("1", "1", "1", "1.", "one", "fine", "Fine!", "uno", "bien", "Bien.", "1 fine", "1\ufe0f\u20e3", "great")
_QUESTION: Final = ("2", "two", "dos", "2 a question", "una pregunta")
_WORSE: Final = ("3", "tres", "worse", "peor", "3!", "3 worse")
_MORE: Final = (
    "1 but it itches a bit", "2 can I put on sunscreen", "3 it is very red", "1 pero me pica", "what do you mean?",
    "is it fine to swim tomorrow", "1, when is my next visit?", "3 y me duele", "fine but one spot is dry",
)  # fmt: skip
_THANKS: Final = ("thanks", "ok thank you", "gracias", "\U0001f44d", "all good, no fever")
_KINDS: Final = (
    ("fine", 0.66), ("question", 0.06), ("worse", 0.02), ("more", 0.045), ("photo", 0.01), ("thanks", 0.03),
    ("fine, then worse", 0.005), ("worse, then fine", 0.005), ("silent", 0.165),
)  # fmt: skip


@dataclass
class Figures:
    """What was counted, and what is wrong."""

    patients: int
    texts: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    asked_twice: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def need_a_person(self) -> float:
        """The share of all texts that somebody had to read."""
        return (self.outcomes["task"] + self.outcomes["urgent"]) / max(1, self.texts)

    def __str__(self) -> str:
        return (
            f"{self.patients} patients ({dict(self.kinds)}), {self.texts} texts: {dict(self.outcomes)}; "
            f"{self.need_a_person:.1%} need a person; left {dict(self.left)}; asked again {self.asked_twice}; "
            f"wrong: {self.wrong[:5] or 'nothing'}"
        )


@dataclass
class Simulation:
    """One run; `run` returns its figures."""

    engine: Engine
    patients: int
    days: int
    random: Random
    written: dict[int, list[tuple[str, str, str, int]]] = field(default_factory=lambda: defaultdict(list))
    """By step of time: SID, phone, text, photos."""
    open_since: dict[str, datetime] = field(default_factory=dict)
    said_worse: set[str] = field(default_factory=set)
    """Numbers that are worse, until a person has closed it."""

    def run(self) -> Figures:
        figures = Figures(self.patients)
        self._enroll(figures)
        for step in range(self.days * 144):
            now, wrote = START + step * STEP, step in self.written
            with writing(self.engine) as session:
                for sid, phone, text, photos in self.written.pop(step, ()):
                    new = receive(session, InboundText(sid, phone, text, now, photos), now, answers=RULES)
                    if new is not None and (text in _WORSE or text.startswith("3")):
                        self.said_worse.add(phone)
            if step % 6 == 3:
                with writing(self.engine) as session:
                    figures.asked_twice += ask_again(session, RULES, now)
            if wrote or step % 3 == 0:
                self._send(now, figures)
            if step % 18 == 17:
                self._staff(now)
        self._count(figures)
        return figures

    def _enroll(self, figures: Figures) -> None:
        rows = Rows(START)
        with writing(self.engine) as session:
            store_version(session, PROTOCOL, START)
            for number in range(self.patients):
                phone, language = f"+1212{5550000 + number:07}", self.random.choice(("en", "en", "es"))
                whose = rows.enrollment(
                    session, phone=phone, name=f"P{number}", folded_name=f"p{number}", language=language,
                    protocol=PROTOCOL.id, version=PROTOCOL.version, rebook_consent=True,
                )  # fmt: skip
                step = self.random.randrange(6 * 6)
                due = START + step * STEP
                until = START + timedelta(days=5)
                when = {"nominal_at": due, "due_at": due, "not_before": due, "expires_at": until, "phone": phone}
                rows.message(session, whose, **when, kind="ask", step="check-in", text=QUESTION)
                for hours, kind in ((5, "expect"), (29, "lift"), (53, "expect")):
                    late = due + timedelta(hours=hours)
                    when |= {"nominal_at": late, "due_at": late, "not_before": late}
                    rows.message(session, whose, **when, kind=kind, step=f"{kind}-{hours}", text=f"{kind} {hours}")
                kind = self._writes(phone, step)
                figures.kinds[kind] += 1

    def _writes(self, phone: str, asked: int) -> str:
        names, shares = zip(*_KINDS, strict=True)
        kind: str = self.random.choices(names, shares)[0]
        at = asked + 1 + int(self.random.expovariate(1 / 30)) % (self.days * 144 - asked - 20)
        for part, what in enumerate(kind.split(", then ")):
            words = {
                "fine": _FINE, "question": _QUESTION, "worse": _WORSE, "more": _MORE, "photo": ("",), "thanks": _THANKS,
            }.get(what)  # fmt: skip
            if words is None:
                return kind
            text, photos = self.random.choice(words), int(what == "photo")
            step = at + part * (1 + self.random.randrange(8))
            sid = f"SM{uuid4().hex}"
            self.written[step].append((sid, phone, text, photos))
            if self.random.random() < 0.3:  # the poll brings what the webhook brought
                self.written[step + self.random.randrange(3)].append((sid, phone, text, photos))
            if self.random.random() < 0.08:  # sent twice
                self.written[step + self.random.randrange(4)].append((f"SM{uuid4().hex}", phone, text, photos))
        return kind

    def _send(self, now: datetime, figures: Figures) -> None:
        rules = SendingRules(SendWindow(), max_texts_per_day=9, recover_above=10**9, staffed=ALWAYS)
        while True:
            with writing(self.engine) as session:
                inbound_was_read(session, now)
                found = claim(session, rules, now=now, worker_id="w", limit=500)
                open_ones = {phone for (phone,) in session.execute(_OPEN)}
                ids = [one.message_id for one in found.claims]
                texts = {one.id: one for one in session.scalars(select(Message).where(col(Message.id).in_(ids)))}
                for one in found.claims:
                    text = texts[one.message_id]
                    reassures = text.kind in _HELD or text.step.startswith("after-fine")
                    figures.left[_NUMBER.sub("", text.step)] += 1
                    if reassures and one.phone in open_ones:
                        figures.wrong.append(f"{text.step} left while something was unread")
                    if reassures and one.phone in self.said_worse:
                        figures.wrong.append(f"{text.step} left for somebody who is worse")
                save_outcomes(session, [
                    Finished(one.message_id, one.attempt_id, one.phone, Result.ACCEPTED, now, sid=f"SM{uuid4().hex}")
                    for one in found.claims
                ], now)  # fmt: skip
            if not found.looked_at:
                return

    def _staff(self, now: datetime) -> None:
        """A person reads half of what is open, and lets its texts go on."""
        with writing(self.engine) as session:
            for (phone,) in session.execute(_OPEN).all():
                if self.random.random() < 0.5:
                    release(session, phone, now=now, by="dana")
                    self.said_worse.discard(phone)

    def _count(self, figures: Figures) -> None:
        with reading(self.engine) as session:
            replies = list(session.scalars(select(Reply)))
            texts = list(session.scalars(select(Message).where(col(Message.left_at).is_not(None))))
        figures.texts = len(replies)
        for one in replies:
            filed = one.closed_by == "itself"
            figures.outcomes["urgent" if one.urgent else "filed" if filed else "task"] += 1
            if one.urgent and filed:
                figures.wrong.append("an urgent reply filed itself")
            if (one.meaning == "answer") != (one.ask_id is not None and one.choice is not None):
                figures.wrong.append(f"reply {one.id} is half an answer")
        sids = Counter(one.sid for one in replies)
        figures.wrong += [f"{sid} has {many} outcomes" for sid, many in sids.items() if many > 1]
        per_patient = Counter((one.enrollment_id, one.step.rpartition("-")[0]) for one in texts if "after-" in one.step)
        for (whose, step), many in per_patient.items():
            if many > (1 if step == "after-fine" else 2):
                figures.wrong.append(f"enrollment {whose} got {step} {many} times")


_NUMBER: Final = re.compile(r"-[0-9]+")
_OPEN: Final = select(col(Reply.phone)).where(col(Reply.closed_at).is_(None)).distinct()


def simulate(engine: Engine, patients: int, *, days: int = DAYS, seed: int = 7) -> Figures:
    """So many patients, over so many days."""
    return Simulation(engine, patients, days, Random(seed)).run()


def all_texts(session: Session) -> Counter[str]:
    """What was said after an answer, and how often."""
    found = select(col(Message.sent_text)).where(col(Message.step).startswith("after-"))
    return Counter(str(text) for text in session.scalars(found) if text)


if __name__ == "__main__":
    many, seed = int(sys.argv[1]), int((*sys.argv[2:], "7")[0])
    with TemporaryDirectory() as directory:
        engine = open_engine(f"sqlite:///{Path(directory) / 'asking.db'}")
        upgrade(engine)
        sys.stdout.write(f"{simulate(engine, many, seed=seed)}\n")
        with reading(engine) as session:
            for text, often in all_texts(session).most_common():
                sys.stdout.write(f"{often:6} {text}\n")
