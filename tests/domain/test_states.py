"""The table of moves keeps the promises: never twice, never after an end."""

from __future__ import annotations

from notifier.domain.states import LEGAL_MOVES, MessageState

S = MessageState


def leading_to(to: MessageState) -> set[MessageState]:
    return {seen for seen, moves in LEGAL_MOVES.items() if to in moves}


def test_every_state_is_in_the_table_and_none_leads_to_itself() -> None:
    assert set(MessageState) == set(LEGAL_MOVES)
    assert [] == [state for state, moves in LEGAL_MOVES.items() if state in moves]


def test_nothing_follows_on_what_arrived_expired_or_was_cancelled() -> None:
    assert {S.DELIVERED, S.EXPIRED, S.CANCELLED} == {state for state, moves in LEGAL_MOVES.items() if not moves}


def test_only_a_planned_text_is_handed_over_or_expires() -> None:
    assert ({S.PLANNED}, {S.PLANNED}) == (leading_to(S.ATTEMPTING), leading_to(S.EXPIRED))


def test_a_text_is_planned_again_only_where_the_patient_has_not_read_it() -> None:
    """An accepted one that Twilio gave back; a suppressed one after START; never one that was sent or delivered."""
    not_read = {S.ATTEMPTING, S.UNKNOWN, S.NEEDS_REVIEW, S.ACCEPTED, S.UNDELIVERED, S.FAILED, S.SUPPRESSED}
    assert not_read == leading_to(S.PLANNED)


def test_only_an_unfinished_call_leaves_a_text_in_doubt_and_only_doubt_or_a_call_goes_to_a_person() -> None:
    assert {S.ATTEMPTING} == leading_to(S.UNKNOWN)
    assert {S.ATTEMPTING, S.UNKNOWN} == leading_to(S.NEEDS_REVIEW)


def test_what_arrived_was_accepted_before() -> None:
    assert {S.ACCEPTED, S.SENT, S.UNDELIVERED, S.FAILED} == leading_to(S.DELIVERED)
    assert {S.ACCEPTED} == leading_to(S.SENT)
