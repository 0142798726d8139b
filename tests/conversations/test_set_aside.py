"""How well replies are read, by messages that nothing here was tuned to; `python -m tests.replies.measure` says all."""

from __future__ import annotations

import pytest

from tests.replies.corpus import messages
from tests.replies.measure import HALVES, counted

FLOORS = {
    "own": {
        ("en", "urgent"): 0.96, ("es", "urgent"): 0.965,
        ("en", "stop held"): 0.98, ("es", "stop held"): 0.98,
        ("en", "stop honored"): 0.92, ("es", "stop honored"): 0.93,
        ("en", "wrong person held"): 0.97, ("es", "wrong person held"): 0.98,
        ("en", "ordinary left alone"): 0.93, ("es", "ordinary left alone"): 0.955,
        ("en", "ordinary open"): 0.955, ("es", "ordinary open"): 0.97,
        ("en", "harmless filed"): 0.97, ("es", "harmless filed"): 0.97,
    },
    "others": {
        ("en", "urgent"): 0.93, ("es", "urgent"): 0.96,
        ("en", "stop held"): 0.87, ("es", "stop held"): 0.93,
        ("en", "stop honored"): 0.75, ("es", "stop honored"): 0.86,
        ("en", "wrong person held"): 0.93, ("es", "wrong person held"): 0.89,
        ("en", "ordinary left alone"): 0.95, ("es", "ordinary left alone"): 0.98,
        ("en", "ordinary open"): 0.98, ("es", "ordinary open"): 0.98,
        ("en", "harmless filed"): 0.69, ("es", "harmless filed"): 0.85,
    },
}  # fmt: skip
EVERY = {"own": 2, "others": 1}
"""Which of them are read here: of two the first, to be quick."""
"""Shares of the set-aside messages, a little under what was measured when the weights were learned."""


@pytest.mark.parametrize("whose", HALVES)
def test_no_share_of_the_set_aside_messages_falls_below_its_floor(whose: str, subtests: pytest.Subtests) -> None:
    found = counted(messages(HALVES[whose])[:: EVERY[whose]])
    assert set(FLOORS[whose]) == set(found)
    for what, floor in FLOORS[whose].items():
        with subtests.test(what=what):
            good, of = found[what]
            assert good / of >= floor, f"{good} of {of}"
