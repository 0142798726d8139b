"""Which texts at the provider are ones that a backup still calls planned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.sending.match_adopted import Matched, Ours, match
from notifier.sending.outcomes.lookup import ProviderText

NOON = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ours(id_: int, *bodies: str, due: int = 0, planned: bool = True) -> Ours:
    return Ours(id_, frozenset(bodies), NOON + due * HOUR, planned)


def listed(sid: str, body: str, at: float = 0.0) -> ProviderText:
    return ProviderText(sid, body, NOON + at * HOUR)


A, B = listed("A", "makeup again"), listed("B", "makeup again", 24)


def test_a_text_is_recognized_by_number_words_and_time(subtests: pytest.Subtests) -> None:
    cases: list[tuple[list[Ours], list[ProviderText], Matched]] = [
        ([ours(1, "makeup again")], [A], Matched([(1, A)], [])),
        ([ours(1, "sun again", "makeup again")], [A], Matched([(1, A)], [])),
        ([ours(1, "Makeup – again!")], [A], Matched([(1, A)], [])),
        ([ours(1, "sun again")], [A], Matched([], [A])),
        ([ours(2, "makeup again", due=24), ours(1, "makeup again")], [B, A], Matched([(1, A), (2, B)], [])),
        ([ours(1, "makeup again")], [A, B], Matched([(1, A)], [B])),
        ([ours(1, "makeup again"), ours(2, "makeup again", due=24)], [B], Matched([(2, B)], [])),
        ([ours(1, "makeup again", due=1)], [A], Matched([], [A])),
        ([ours(1, "makeup again"), ours(2, "makeup again", planned=False)], [A], Matched([], [], [2])),
        ([], [], Matched([], [])),
    ]
    for known, found, expected in cases:
        with subtests.test(known=known, found=found, expected=expected):
            assert expected == match(known, found)
