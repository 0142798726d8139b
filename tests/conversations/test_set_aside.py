"""How well replies are read, by messages that nothing here was tuned to; `python -m tests.replies.measure` says all."""

from __future__ import annotations

import pytest

from tests.replies.measure import counted

FLOORS = {
    ("en", "urgent"): 0.955, ("es", "urgent"): 0.955,
    ("en", "stop held"): 0.97, ("es", "stop held"): 0.97,
    ("en", "stop honored"): 0.86, ("es", "stop honored"): 0.89,
    ("en", "wrong person held"): 0.95, ("es", "wrong person held"): 0.955,
    ("en", "ordinary left alone"): 0.95, ("es", "ordinary left alone"): 0.955,
    ("en", "ordinary open"): 0.985, ("es", "ordinary open"): 0.985,
    ("en", "harmless filed"): 0.90, ("es", "harmless filed"): 0.92,
}  # fmt: skip
"""Shares of the set-aside half, a little under what was measured when the weights were learned."""


def test_no_share_of_the_set_aside_half_falls_below_its_floor(subtests: pytest.Subtests) -> None:
    found = counted()
    assert set(FLOORS) == set(found)
    for what, floor in FLOORS.items():
        with subtests.test(what=what):
            good, of = found[what]
            assert good / of >= floor, f"{good} of {of}"
