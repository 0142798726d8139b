"""What each of Twilio's codes asks of us."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifier.sms.code_classes import AfterAcceptance, NotCreatedClass
from notifier.sms.codes import after_acceptance, class_of_refusal, in_words

REFUSALS = [
    (429, 20429, NotCreatedClass.SLOW_DOWN),
    (429, None, NotCreatedClass.SLOW_DOWN),
    (429, 21610, NotCreatedClass.SLOW_DOWN),
    (400, 21611, NotCreatedClass.SLOW_DOWN),
    (400, 63038, NotCreatedClass.SLOW_DOWN),
    (400, 21610, NotCreatedClass.OPTED_OUT),
    (400, 21211, NotCreatedClass.BAD_NUMBER),
    (400, 21614, NotCreatedClass.BAD_NUMBER),
    (400, 21217, NotCreatedClass.BAD_NUMBER),
    (400, 21635, NotCreatedClass.BAD_NUMBER),
    (400, 21612, NotCreatedClass.DESTINATION),
    (400, 21265, NotCreatedClass.BAD_NUMBER),
    (400, 21617, NotCreatedClass.BAD_CONTENT),
    (400, 21602, NotCreatedClass.BAD_CONTENT),
    (400, 21619, NotCreatedClass.BAD_CONTENT),
    (400, 21655, NotCreatedClass.BAD_CONTENT),
    (401, 20003, NotCreatedClass.ACCOUNT),
    (403, 20003, NotCreatedClass.ACCOUNT),
    (403, None, NotCreatedClass.ACCOUNT),
    (404, 20404, NotCreatedClass.ACCOUNT),
    (404, None, NotCreatedClass.ACCOUNT),
    (407, None, NotCreatedClass.ACCOUNT),
    (405, 405, NotCreatedClass.ACCOUNT),
    (400, 21606, NotCreatedClass.SENDER),
    (400, 21408, NotCreatedClass.DESTINATION),
    (403, 21408, NotCreatedClass.DESTINATION),
    (400, 21608, NotCreatedClass.UNRECOGNIZED),
    (400, 21703, NotCreatedClass.SENDER),
    (400, 30034, NotCreatedClass.SENDER),
    (400, 99999, NotCreatedClass.UNRECOGNIZED),
    (400, 30003, NotCreatedClass.UNRECOGNIZED),
    (400, None, NotCreatedClass.UNRECOGNIZED),
    (400, 400, NotCreatedClass.UNRECOGNIZED),
]


def test_a_refusal_is_read_by_its_status_first_and_then_by_its_code(subtests: pytest.Subtests) -> None:
    for status, code, expected in REFUSALS:
        with subtests.test(status=status, code=code, expected=expected):
            assert class_of_refusal(status, code) == expected


def test_only_a_4xx_proves_that_nothing_was_created(subtests: pytest.Subtests) -> None:
    for status in (200, 201, 302, 500, 503):
        with subtests.test(status=status), pytest.raises(ValueError, match="does not prove"):
            class_of_refusal(status, 21211)


def test_a_failed_receipt_is_read_by_its_code(subtests: pytest.Subtests) -> None:
    cases: list[tuple[int | None, AfterAcceptance]] = [
        (30003, AfterAcceptance.HANDSET_OFF),
        (30008, AfterAcceptance.UNKNOWN_CARRIER_ERROR),
        (30410, AfterAcceptance.PROVIDER_TIMEOUT),
        (30500, AfterAcceptance.PROVIDER_ERROR),
        (30001, AfterAcceptance.THROUGHPUT),
        (30022, AfterAcceptance.THROUGHPUT),
        (30036, AfterAcceptance.THROUGHPUT),
        (30023, AfterAcceptance.DAILY_CAP),
        (30027, AfterAcceptance.DAILY_CAP),
        (30610, AfterAcceptance.QUIET_HOURS),
        (30005, AfterAcceptance.DEAD_NUMBER),
        (30006, AfterAcceptance.DEAD_NUMBER),
        (30004, AfterAcceptance.BLOCKED),
        (21610, AfterAcceptance.BLOCKED),
        (30640, AfterAcceptance.BLOCKED),
        (30007, AfterAcceptance.FILTERED),
        (30034, AfterAcceptance.REGISTRATION),
        (30002, AfterAcceptance.SUSPENDED),
        (30037, AfterAcceptance.DESTINATION),
        (14107, AfterAcceptance.LOOP),
        (99999, AfterAcceptance.UNRECOGNIZED),
        (20003, AfterAcceptance.UNRECOGNIZED),
        (None, AfterAcceptance.UNRECOGNIZED),
    ]
    for code, expected in cases:
        with subtests.test(code=code, expected=expected):
            assert after_acceptance(code) == expected


def test_a_phone_that_was_off_is_tried_twice_more_and_keeps_its_number() -> None:
    decision = AfterAcceptance.HANDSET_OFF.decision
    assert decision.max_retries == 2
    assert decision.retry_delays[0] == timedelta(hours=1)
    assert [decision.suppress, decision.mark_number_invalid, decision.stop_sender] == [False, False, False]


def test_what_a_retry_could_double_or_cannot_mend_is_never_retried_by_itself(subtests: pytest.Subtests) -> None:
    stays = "provider_timeout dead_number blocked filtered registration suspended destination loop unrecognized"
    for reason in stays.split():
        with subtests.test(reason=reason):
            decision = AfterAcceptance(reason).decision
            assert decision.max_retries == 0
            assert decision.needs_staff


def test_each_consequence_belongs_to_the_reasons_that_call_for_it() -> None:
    def having(field: str) -> set[str]:
        return {reason.value for reason in AfterAcceptance if getattr(reason.decision, field)}

    assert having("suppress") == {"blocked"}
    assert having("stop_sender") == {"registration"}
    assert having("stop_all") == {"suspended"}
    assert having("mark_number_invalid") == {"dead_number"}
    assert having("after_pacific_midnight") == {"daily_cap"}


def test_staff_read_a_sentence_and_an_unknown_code_comes_with_its_page() -> None:
    assert in_words(21614) == "The number cannot receive texts; ask for another."
    assert in_words(21408, "Puerto Rico") == "Allow texts to Puerto Rico in Twilio's geo permissions."
    assert in_words(None) == "Twilio gave no reason."
    assert in_words(99999) == "Twilio gave code 99999: https://www.twilio.com/docs/api/errors/99999"
