"""What a worker knew and could not write down is saved by the next one, and needs no look at the provider's list."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from notifier.db.engine import file_of, reading, writing
from notifier.db.tables import RecoveryKind
from notifier.domain.states import MessageState
from notifier.scheduler.replay_journal import save_left_behind
from notifier.sending.claim import claim
from notifier.sending.gates.recoveries import open_recoveries
from notifier.sending.outcomes.journal import Journal
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.outcomes.save import save_outcomes
from notifier.sms.code_classes import NotCreatedClass
from tests.faults.process import until
from tests.scheduler.test_process import Place
from tests.scheduler.test_process import place as place  # noqa: PLC0414  # a fixture: pytest looks it up here by its own name
from tests.setups.sending import Sending, open_house

S = MessageState
SID = f"SM{7:032x}"
AWAY = OperationalError(None, None, Exception("away"))


@pytest.fixture
def sending(engine: Engine, now: datetime) -> Iterator[Sending]:
    with open_house(engine, now) as sending:
        yield sending


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "notifier.db.unsaved"


def attempting(sending: Sending, phone: str = "+12125550101") -> tuple[int, str]:
    """A text whose attempt is committed and whose call has been made; and that attempt."""
    text = sending.plan(sending.enroll(phone=phone), phone=phone)
    sending.open_gate()
    with writing(sending.engine) as session:
        (one,) = claim(session, sending.rules, now=sending.clock.now(), worker_id="dead", limit=1).claims
    return text, one.attempt_id


async def killed_after(journals: Path, *batch: Finished) -> None:
    """A worker ends with these in its memory and its journal."""
    journal = Journal(journals, "dead")

    async def fails() -> None:
        raise AWAY

    with pytest.raises(OperationalError):
        await journal.while_saving(batch, fails())
    assert journal._descriptor is not None
    os.close(journal._descriptor)


def finished(sending: Sending, attempt: str, **values: object) -> Finished:
    given = {"result": Result.ACCEPTED, "sid": SID, **values}
    return Finished(0, attempt, "", at=sending.clock.now(), **given)  # type: ignore[arg-type]  # a table of values


async def save(sending: Sending, journals: Path) -> int:
    return await save_left_behind(sending.threads, journals, save_outcomes, now=sending.clock.now())


@pytest.mark.parametrize("called_unknown", [False, True])
async def test_a_sid_that_only_the_journal_knew_is_recorded_and_the_journal_goes(
    sending: Sending, journals: Path, called_unknown: bool
) -> None:
    text, attempt = attempting(sending)
    await killed_after(journals, finished(sending, attempt))
    if called_unknown:
        await sending.takeover()
    assert 1 == await save(sending, journals)
    assert (S.ACCEPTED, SID, ["accepted"]) == (
        sending.message(text).state, sending.message(text).sid, [one.outcome for one in sending.attempts(text)]
    )  # fmt: skip
    assert [] == list(journals.parent.glob(f"{journals.name}*"))


async def test_a_refusal_has_all_that_follows_from_it(sending: Sending, journals: Path) -> None:
    text, attempt = attempting(sending)
    refused = finished(sending, attempt, result=Result.NOT_CREATED, sid=None, code=21610, why=NotCreatedClass.OPTED_OUT)
    await killed_after(journals, refused)
    await save(sending, journals)
    assert S.SUPPRESSED == sending.message(text).state


async def test_what_the_database_has_already_and_what_comes_twice_changes_nothing(
    sending: Sending, journals: Path
) -> None:
    """Killed after the commit, before the journal was removed."""
    text, attempt = attempting(sending)
    one = finished(sending, attempt)
    await killed_after(journals, one, one)
    await save(sending, journals)
    before = len(sending.events(text))
    await killed_after(journals, one)
    await save(sending, journals)
    assert (S.ACCEPTED, before) == (sending.message(text).state, len(sending.events(text)))


async def test_an_attempt_that_is_not_here_any_more_lets_nothing_leave_before_twilio_was_asked(
    sending: Sending, journals: Path
) -> None:
    text, attempt = attempting(sending)
    await killed_after(journals, finished(sending, "of a database that went back"), finished(sending, attempt))
    await save(sending, journals)
    assert S.ACCEPTED == sending.message(text).state
    with reading(sending.engine) as session:
        assert [RecoveryKind.RESTORED] == list(open_recoveries(session))


async def test_an_outcome_that_cannot_be_saved_stops_neither_the_others_nor_the_start(
    sending: Sending, journals: Path
) -> None:
    (_, odd), (text, attempt) = attempting(sending), attempting(sending, "+12125550102")
    await killed_after(journals, finished(sending, odd), finished(sending, attempt))

    def breaks(session: Session, batch: Sequence[Finished], now: datetime) -> None:
        if batch[0].attempt_id == odd:
            raise ValueError("what nobody has foreseen")
        save_outcomes(session, batch, now)

    await save_left_behind(sending.threads, journals, breaks, now=sending.clock.now())
    assert S.ACCEPTED == sending.message(text).state
    assert [] == list(journals.parent.glob(f"{journals.name}*"))


async def test_while_the_database_is_away_the_journal_stays(sending: Sending, journals: Path) -> None:
    _, attempt = attempting(sending)
    await killed_after(journals, finished(sending, attempt))

    def breaks(*_: object) -> None:
        raise AWAY

    with pytest.raises(OperationalError):
        await save_left_behind(sending.threads, journals, breaks, now=sending.clock.now())
    assert 1 == await save(sending, journals)


def test_killed_while_the_database_is_locked_the_answer_is_there_at_the_next_start(place: Place) -> None:
    place.sandbox.sandbox.latency = 0.6
    text = place.plan()
    worker = place.start()
    place.until_state(text, S.ATTEMPTING)
    file = file_of(place.engine)
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        until(lambda: any(one.stat().st_size for one in file.parent.glob("*.unsaved-*")), "no journal")
        worker.end(signal.SIGKILL)
        other.execute("ROLLBACK")
    assert S.ATTEMPTING == place.message(text).state
    again = place.start()
    again.until_said("journal_saved")
    place.until_state(text, S.ACCEPTED)
    assert (place.sandbox.ledger[0].sid, 1) == (place.message(text).sid, len(place.sandbox.ledger))
    assert [] == list(file.parent.glob("*.unsaved-*"))
