"""So many runs of a state machine, the same ones each time, and no waiting in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from notifier.sending import dispatch


@contextmanager
def without_waiting() -> Iterator[None]:
    """Time is an argument here: what gathers results for some milliseconds would only make it slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "_BREATH", 0.0)
        patch.setattr(dispatch, "_GATHER_FOR", 0.0)
        yield


def search(
    clinic: type[RuleBasedStateMachine], *, seeds: Iterable[int], examples: int, steps: int, shrinks: bool = True
) -> None:
    """So many runs of so many operations from each seed; the same ones each time."""
    phases = [Phase.generate, *([Phase.shrink] if shrinks else [])]
    size = settings(
        max_examples=examples, stateful_step_count=steps, phases=phases, deadline=None, database=None,
        print_blob=False, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))  # fmt: skip
    with without_waiting():
        for number in seeds:
            run_state_machine_as_test(seed(number)(clinic), settings=size)
