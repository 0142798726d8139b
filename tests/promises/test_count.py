"""The closing table is counted: a doctored ledger or outbox turns the right line red, and only a breach does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.states import MessageState
from notifier.promises.count import count_over, count_promises
from notifier.promises.facts import Arrival, Evidence, Intent, OpenMessage
from schedules.protocol import StepKind
from schedules.quiet_days import QuietDays

NEW_YORK, HONOLULU = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Honolulu")
MARIA, KAI = "+12125550101", "+12125550102"
SUNDAY = datetime(2026, 3, 8, 16, 30, tzinfo=NEW_YORK).astimezone(UTC)
STOPPED = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
END = datetime(2026, 3, 20, tzinfo=UTC)

MAKEUP = Intent(
    message=1,
    patient="Maria",
    phone=MARIA,
    step="makeup-again",
    kind=StepKind.LIFT,
    zone=NEW_YORK,
    area_zones=(NEW_YORK,),
    day0=date(2026, 3, 7),
    state=MessageState.DELIVERED,
    reason=None,
    due_at=SUNDAY,
    not_before=SUNDAY,
    expires_at=SUNDAY + timedelta(days=2),
    sid="SM1",
    said="Makeup is fine again.",
)
WITHHELD = replace(
    MAKEUP, message=2, step="sun-again", state=MessageState.SUPPRESSED, reason="opted out", sid=None, said=None
)
ISLAND = replace(
    MAKEUP, message=3, patient="Kai", phone=KAI, zone=HONOLULU, day0=date(2026, 3, 6), sid="SM3", due_at=SUNDAY
)
ARRIVED = Arrival("SM1", MARIA, "Makeup is fine again.", SUNDAY, "delivered")
ISLAND_ARRIVED = Arrival("SM3", KAI, "Makeup is fine again.", SUNDAY, "delivered")
GOOD = Evidence(ledger=(ARRIVED, ISLAND_ARRIVED), outbox=(MAKEUP, WITHHELD, ISLAND), stops={MARIA: STOPPED}, until=END)


def test_a_clean_ledger_breaks_nothing() -> None:
    assert [] == _broken(GOOD)


def test_an_answer_at_night_breaks_nothing_and_a_step_at_night_does() -> None:
    """Who has just written is awake."""
    night = datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    answer = replace(
        MAKEUP, message=4, step="answer-1", kind="reply", sid="SM4", said="Emergency: 911.", due_at=night,
        not_before=night, expires_at=night + timedelta(hours=1),
    )  # fmt: skip
    arrived = Arrival("SM4", MARIA, "Emergency: 911.", night, "delivered")
    good = replace(GOOD, outbox=(*GOOD.outbox, answer), ledger=(*GOOD.ledger, arrived))
    assert [] == _broken(good)
    bad = replace(good, outbox=(*GOOD.outbox, replace(answer, kind=StepKind.CARE)))
    assert ["Never at night"] == _broken(bad)


def test_the_counts_are_the_ledgers() -> None:
    found = {kept.promise: kept.found for kept in count_promises(GOOD)}
    assert (
        '2 texts said "you may", 0 of them early; the soonest 0.0 s after the restriction\'s end'
        == found["Never early"]
    )
    assert "2 texts reached 2 phones; 0 of them doubled" == found["Never twice"]
    assert "1 said STOP; 0 texts followed; 1 planned one was withheld" == found["Never after STOP"]
    assert (
        "0 texts outside 09:00-20:00 on the patient's clock; earliest 10:30 AM, latest 4:30 PM"
        == found["Never at night"]
    )
    assert "0 left past their use; the slowest left 0.0 s after its planned moment" == found["Never stale"]
    assert "1 planned text reached no phone; 1 of them says why" == found["Never silent"]
    assert "3 texts were due; 3 have an outcome, 0 unaccounted for" == found["Never lost"]


def test_no_texts_at_all_is_no_breach() -> None:
    assert [] == _broken(Evidence(ledger=(), outbox=(), stops={}, until=END))


def _moved(by: timedelta) -> Evidence:
    return replace(GOOD, ledger=(replace(ARRIVED, at=ARRIVED.at + by), ISLAND_ARRIVED))


def _doubled(body: str = ARRIVED.body) -> Evidence:
    return replace(GOOD, ledger=(*GOOD.ledger, replace(ARRIVED, sid="SM9", body=body)))


def _beside(*, minutes: int, **changes: object) -> Evidence:
    row = replace(MAKEUP, message=7, step="sun-again", sid="SM7", said="Sun is fine again.")
    row = replace(row, **changes)  # type: ignore[arg-type]  # table data
    arrived = Arrival("SM7", MARIA, "Sun is fine again.", SUNDAY + timedelta(minutes=minutes), "delivered")
    return replace(GOOD, outbox=(*GOOD.outbox, row), ledger=(*GOOD.ledger, arrived))


def _row(**changes: object) -> Evidence:
    return replace(GOOD, outbox=(replace(MAKEUP, **changes), WITHHELD, ISLAND))  # type: ignore[arg-type]  # table data


LATE_EVENING = timedelta(hours=4, minutes=30)
TWO_DAYS = timedelta(days=2)


@pytest.mark.parametrize(
    ("promise", "doctored"),
    [
        pytest.param("Never early", _moved(timedelta(seconds=-1)), id="a second before the restriction ended"),
        pytest.param("Never twice", _doubled(), id="the same text under a second SID"),
        pytest.param("Never after STOP", replace(GOOD, stops={KAI: SUNDAY - TWO_DAYS}), id="a text after STOP"),
        pytest.param("Never at night", _moved(LATE_EVENING), id="9:00 PM on her own clock"),
        pytest.param(
            "Never at night",
            replace(GOOD, ledger=(ARRIVED, replace(ISLAND_ARRIVED, at=SUNDAY + LATE_EVENING))),
            id="afternoon in Honolulu, night where the number comes from",
        ),
        pytest.param("Never at night", _row(quiet=QuietDays.parse("Sun")), id="a day that the patient wishes quiet"),
        pytest.param(
            "Never at night", _row(kind=StepKind.WARNING, quiet=QuietDays.parse("2026-03-08")), id="though it warns"
        ),
        pytest.param("Never stale", _moved(TWO_DAYS), id="when it is no longer useful"),
        pytest.param(
            "Never silent",
            replace(GOOD, outbox=(MAKEUP, replace(WITHHELD, reason=None), ISLAND)),
            id="withheld and nobody knows why",
        ),
        pytest.param(
            "Never silent",
            replace(GOOD, ledger=(replace(ARRIVED, status="undelivered"), ISLAND_ARRIVED)),
            id="bounced and nobody knows why",
        ),
        pytest.param(
            "Never unread",
            replace(GOOD, messages={MARIA: [OpenMessage(SUNDAY - LATE_EVENING, SUNDAY + LATE_EVENING)]}),
            id="a lift while the patient's message is open",
        ),
        pytest.param("Never untold", _row(topics=frozenset({"makeup"})), id="lifted, and no text has named it before"),
        pytest.param("Never crowded", replace(GOOD, max_texts_per_day=0), id="more than the clinic allows"),
        pytest.param("Never crowded", _beside(minutes=13), id="within 15 minutes of another text to that number"),
        pytest.param("Never lost", _row(state=MessageState.PLANNED, sid=None), id="due and still planned"),
        pytest.param("Never lost", _row(state=MessageState.UNKNOWN, sid=None), id="nobody knows"),
        pytest.param("Never lost", replace(GOOD, ledger=(ISLAND_ARRIVED,)), id="we say sent, the ledger does not"),
        pytest.param("Never lost", _doubled(body="something else"), id="sent, and our outbox knows nothing of it"),
    ],
)
def test_a_breach_turns_its_line_red(promise: str, doctored: Evidence) -> None:
    assert promise in _broken(doctored)


def test_a_text_that_could_not_wait_a_quarter_of_an_hour_breaks_nothing() -> None:
    could_not = [
        _beside(minutes=14),  # claimed when the quarter was over, and called at once
        _beside(minutes=1, kind=StepKind.WARNING),
        _beside(minutes=1, kind="reply"),
        _beside(minutes=13, expires_at=SUNDAY + timedelta(minutes=15)),
    ]
    assert [[]] * 4 == [_broken(one) for one in could_not]


def test_what_waits_for_a_person_to_read_is_not_lost() -> None:
    waits = replace(MAKEUP, message=5, state=MessageState.PLANNED, sid=None, reason="the patient has written")
    broken = {}
    for closed_at in (None, SUNDAY):
        messages = {MARIA: [OpenMessage(SUNDAY + LATE_EVENING, closed_at)]}
        found = replace(GOOD, outbox=(*GOOD.outbox, waits), messages=messages)
        broken[closed_at] = _broken(found)
    assert {None: [], SUNDAY: ["Never lost"]} == broken


def test_evidence_in_parts_counts_as_one() -> None:
    """So memory need not grow with the patients."""
    parts = [
        replace(
            GOOD,
            ledger=[text for text in GOOD.ledger if text.phone == phone],
            outbox=[row for row in GOOD.outbox if row.phone == phone],
            stops={whose: at for whose, at in GOOD.stops.items() if whose == phone},
        )
        for phone in (MARIA, KAI)
    ]
    assert count_promises(GOOD) == count_over(parts)


def test_a_retry_after_a_bounce_is_not_a_double() -> None:
    """The first copy never reached the phone."""
    bounced = replace(ARRIVED, sid="SM0", status="undelivered")
    retried = replace(MAKEUP, bounced=("SM0",))
    assert [] == _broken(replace(GOOD, ledger=(bounced, *GOOD.ledger), outbox=(retried, WITHHELD, ISLAND)))


def test_on_the_treatments_own_date_her_clock_alone_counts() -> None:
    """She is known to be at the clinic: 7 PM in Honolulu is 1 AM where her number comes from, and fine."""
    at = datetime(2026, 3, 6, 19, 0, tzinfo=HONOLULU).astimezone(UTC)
    row = replace(ISLAND, kind=StepKind.RESTRICT, not_before=at, due_at=at)
    assert [] == _broken(replace(GOOD, ledger=(ARRIVED, replace(ISLAND_ARRIVED, at=at)), outbox=(MAKEUP, row)))


def test_what_is_due_later_is_not_lost() -> None:
    later = replace(WITHHELD, state=MessageState.PLANNED, reason=None, due_at=END + timedelta(hours=1))
    assert [] == _broken(replace(GOOD, outbox=(MAKEUP, later, ISLAND)))


def _broken(evidence: Evidence) -> list[str]:
    return [kept.promise for kept in count_promises(evidence) if kept.broken]
