"""The stage with everything on it: a real worker process, killed by SIGKILL at the worst moment."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy.orm import Session

from notifier.cli.ops import demo
from notifier.demo import play as playing
from notifier.demo.cast import MARIA, TOM
from notifier.demo.script import Enrolls, Script, StaffAnswer, Writes
from notifier.demo.stage import Stage, StageTrouble
from notifier.promises.evidence import gather
from notifier.promises.facts import Evidence
from notifier.sandbox.server import Sandbox


def at(wall: str) -> datetime:
    """A wall time in New York."""
    return datetime.fromisoformat(wall).replace(tzinfo=MARIA.zone)


ONE_NIGHT = Script(
    begins=at("2026-03-07T12:00"),
    ends=at("2026-03-08T20:00"),
    happenings=(Enrolls(at("2026-03-07T15:40"), MARIA, treated_at=at("2026-03-07T15:30")),),
    dies_during=(MARIA, at("2026-03-08T16:00")),
)


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_killed_worker_comes_back_and_doubles_nothing(tmp_path: Path) -> None:
    """Four texts with the first one, the worker dies with the last; it is counted, and nothing is left behind."""
    said = _play(ONE_NIGHT)
    assert 4 == said.count("| to Maria |")
    assert "SIGKILL" in said
    assert "In Twilio's ledger: once." in said
    assert "kept   Never twice       4 texts reached 1 phone; 0 of them doubled" in said
    assert [] == list(tmp_path.iterdir())


def test_a_question_is_answered_and_a_person_replies() -> None:
    said = _play(
        Script(
            begins=at("2026-03-13T12:00"),
            ends=at("2026-03-13T17:00"),
            happenings=(
                Enrolls(at("2026-03-13T12:05"), TOM, treated_at=at("2026-03-10T15:30")),
                Writes(at("2026-03-13T15:40"), TOM, "2"),
                StaffAnswer(at("2026-03-13T15:50"), TOM, "I will call you at two."),
            ),
            dies_during=(TOM, at("2026-03-14T12:00")),
        )
    )
    story = ["Reply 1 fine, 2 a question", "from Tom | 2", "a task for a person", "a person has read it", "I will call"]
    places = [said.index(one) for one in story]
    assert sorted(places) == places


def test_a_text_that_twilio_has_twice_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count reads the ledger, not what the worker believes."""

    def gather_after_a_double(session: Session, sandbox: Sandbox, *rest: Any) -> Evidence:
        first = sandbox.ledger[0]
        sandbox.account.create({"To": first.to, "From": sandbox.account.sender, "Body": first.body})
        return gather(session, sandbox, *rest)

    monkeypatch.setattr(playing, "gather", gather_after_a_double)
    said = _play(replace(ONE_NIGHT, ends=at("2026-03-07T18:00")), kept=False)
    assert "BROKEN Never twice       3 texts reached 1 phone; 1 of them doubled" in said


def test_a_worker_that_cannot_start_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "_environment", lambda stage: {})
    with pytest.raises(StageTrouble, match="the worker ended while the demo waited for the worker to start"):
        _play(ONE_NIGHT)


@pytest.mark.parametrize(("kept", "code"), [(True, 0), (False, 1)])
def test_a_broken_promise_ends_with_1(kept: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "play", lambda screen, stay: kept)
    assert code == demo.demo()


def _play(script: Script, *, kept: bool = True) -> str:
    written = io.StringIO()
    assert kept is playing.play(Console(file=written, width=10_000), script)
    return written.getvalue()
