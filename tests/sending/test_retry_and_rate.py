"""When to try again, and how fast texts may leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.backoff import backoff
from notifier.sending.circuit_monitor import Verdicts
from notifier.sending.concurrency import AtOnce
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.outcomes.retry import retry_at
from notifier.sending.rate import Pace
from notifier.sms.code_classes import AfterAcceptance, NotCreatedClass

A = AfterAcceptance
AT = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_when_a_text_that_failed_may_leave_again(subtests: pytest.Subtests) -> None:
    cases: list[tuple[AfterAcceptance, int, datetime | None]] = [
        (A.HANDSET_OFF, 0, AT + HOUR),
        (A.HANDSET_OFF, 1, AT + 12 * HOUR),
        (A.HANDSET_OFF, 2, None),
        (A.UNKNOWN_CARRIER_ERROR, 0, AT + HOUR),
        (A.UNKNOWN_CARRIER_ERROR, 1, None),
        (A.DAILY_CAP, 0, datetime(2026, 3, 8, 8, 0, tzinfo=UTC)),  # midnight in Los Angeles, before its clock change
        (A.PROVIDER_TIMEOUT, 0, None),
        (A.FILTERED, 0, None),
        (A.UNRECOGNIZED, 0, None),
    ]
    for why, retries, expected in cases:
        with subtests.test(why=why, retries=retries, expected=expected):
            assert expected == retry_at(why, retries, AT)


def test_a_backoff_doubles_up_to_its_limit_however_often() -> None:
    assert [5, 5, 10, 20, 300, 300] == [backoff(n, first=5, longest=300) for n in (0, 1, 2, 3, 8, 10**6)]


@pytest.mark.parametrize(("random", "expected"), [(0.0, [0.5, 2.0, 30.0]), (0.5, [0.75, 3.0, 45.0]), (1.0, [1, 4, 60])])
def test_chance_takes_at_most_half_of_a_backoff_and_adds_nothing(random: float, expected: list[float]) -> None:
    assert expected == [backoff(n, first=1, longest=60, random=lambda: random) for n in (1, 3, 50)]


def test_those_who_were_told_to_slow_down_together_do_not_come_back_together() -> None:
    chances = iter([0.0, 0.9])
    one, other = (Pace(0.0, random=lambda: next(chances)) for _ in range(2))
    assert [0.5, 0.95] == [round(pace.failed(100.0, first=1, longest=60), 3) for pace in (one, other)]


def test_what_the_provider_asked_for_is_kept_to_the_second() -> None:
    assert 7.0 == Pace(0.0, random=lambda: 0.0).hold(100.0, None, first=1, longest=60, retry_after=7.0)


def test_a_senders_pause_holds_up_no_other_and_one_of_all_holds_up_each() -> None:
    pace = Pace(0.0)
    pace.hold(100.0, "north", first=1, longest=60, retry_after=300.0)
    assert [True, False] == [pace.is_paused(200.0, sender) for sender in ("north", None)]
    assert {"north": 0} == pace.rooms(200.0, {"north", None})
    assert [400.0, 200.0] == [pace.opens_at(200.0, senders) for senders in ({"north"}, {"north", None})]
    pace.failed(200.0, first=5, longest=300)
    assert [True, True] == [pace.is_paused(202.0, sender) for sender in ("north", None)]


def test_a_rate_has_no_burst_after_an_idle_hour() -> None:
    pace = Pace(2.0)
    assert [100.0, 100.5, 101.0] == [pace.take(100.0) for _ in range(3)]
    assert [3700.0, 3700.5] == [pace.take(3700.0) for _ in range(2)]


def test_only_so_many_are_claimed_ahead_of_their_turn(subtests: pytest.Subtests) -> None:
    cases: list[tuple[float, int | None]] = [(0.0, None), (1.0, 1), (4.0, 2), (100.0, 26)]
    for per_second, room in cases:
        with subtests.test(per_second=per_second, room=room):
            assert room == Pace(per_second).room(100.0)


def test_a_pause_counts_once_for_what_was_in_flight_together() -> None:
    pace = Pace(0.0)
    assert [5.0] * 10 == [pace.failed(100.0, first=5, longest=300) for _ in range(10)]
    assert 10.0 == pace.failed(105.0, first=5, longest=300)
    pace.went_well()
    assert 5.0 == pace.failed(200.0, first=5, longest=300)


def test_only_lost_answers_in_a_row_are_lost_contact() -> None:
    verdicts = Verdicts(Pace(0.0), AtOnce(10))
    lost, fine = (Finished(1, "a", "p", result, AT) for result in (Result.UNKNOWN, Result.ACCEPTED))
    for one in (lost, lost, lost, lost, fine, lost, lost, lost, lost):
        verdicts.hear(one, 100.0)
    assert (None, False) == (verdicts.lost_contact, verdicts.pace.is_paused(100.5))
    verdicts.hear(lost, 100.0)
    assert "5 answers of the provider in a row were lost" == verdicts.lost_contact
    assert verdicts.pace.is_paused(100.5)  # what was claimed already goes back uncalled


def test_so_many_texts_are_held_that_no_call_waits_for_a_transaction_unless_they_are_too_many() -> None:
    at_once = AtOnce(8)
    held = [at_once.worth_claiming]
    at_once.too_many()
    assert [24, 4] == [*held, at_once.worth_claiming]


def test_too_many_at_once_are_halved_and_come_back_one_for_each_round_that_went_well() -> None:
    at_once = AtOnce(8)
    seen = [at_once.now]
    for _ in range(4):
        at_once.too_many()
        seen.append(at_once.now)
    for _ in range(1 + 2 + 3 + 2):
        at_once.went_well()
    assert ([8, 4, 2, 1, 1], 4) == (seen, at_once.now)
    for _ in range(100):
        at_once.went_well()
    assert 8 == at_once.now


def test_refused_together_counts_once_against_the_number_at_once() -> None:
    verdicts = Verdicts(Pace(0.0), AtOnce(8))
    refused = Finished(1, "a", "p", Result.NOT_CREATED, AT, why=NotCreatedClass.SLOW_DOWN, code=20429)
    for _ in range(8):
        verdicts.hear(refused, 100.0)
    assert 4 == verdicts.at_once.now
    verdicts.hear(refused, 101.5)
    assert 2 == verdicts.at_once.now
