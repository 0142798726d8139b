"""Some dozens of the simulated patients; `python -m tests.conversations.asking_simulation 10000` is the long run."""

from __future__ import annotations

from sqlalchemy import Engine

from tests.conversations.asking_simulation import simulate


def test_every_answer_has_one_outcome_and_nobody_who_is_worse_is_reassured(sqlite_engine: Engine) -> None:
    figures = simulate(sqlite_engine, 60, days=2)
    assert [] == figures.wrong
    assert 40 < figures.texts == sum(figures.outcomes.values())
    assert min(figures.outcomes[one] for one in ("filed", "task", "urgent")) > 0
    assert figures.asked_twice > 0
    assert figures.need_a_person <= 0.2
