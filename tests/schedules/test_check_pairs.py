"""What `check` says of a rule that is cut short, and of two texts that want the same hour."""

from __future__ import annotations

from typing import Any

from schedules.check import check_protocol
from schedules.protocol import CareProtocol
from tests.schedules.plans import lift, protocol, step


def _plan(*more: dict[str, Any], **today: Any) -> CareProtocol:
    told = step("today", "restrict", at={"hours": 1}, topics=["makeup"], **{"stale_after": None, **today})
    return protocol(told, lift("makeup"), *more, restrictions={"makeup": {"hours": 24}})


def test_a_rule_that_is_cut_short_needs_a_reason() -> None:
    short = {"stale_after": {"hours": 8}}
    (found,) = check_protocol(_plan(**short)).problems
    assert found.startswith('step "today": expires while its rules still hold; leave `stale_after` out, or add')
    assert () == check_protocol(_plan(**short, why_stale="its words are about today")).problems


def test_two_texts_that_want_the_same_hour_are_named_once() -> None:
    care = {"at": {"day": 1, "time": "12:00"}, "stale_after": {"hours": 4}}
    plan = _plan(step("wash", "care", **care), step("cream", "care", **care))
    report = check_protocol(plan)
    (merge,) = (one.sentence for one in report.warnings)
    assert merge.startswith('step "wash": always wants the same hour as "cream", so one of them waits; merge the two')
    when = "want the same hour after some treatments that end between 11:15 and 12:45; one of them waits"
    assert [
        '"cream" and "makeup-again" ' + when,
        '"cream" and "wash" want the same hour always; one of them waits',
        '"makeup-again" and "wash" ' + when,
    ] == sorted(map(str, report.pairs))
