"""Answers to a question of ours: each has one outcome, and nobody whose words are unread hears that all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from notifier.conversations.close import close_reply
from notifier.db.engine import writing
from notifier.domain.open_replies import TextsDecision
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.states import MessageState
from tests.setups.asking import ANA, RULES, ask, hears, replies, said
from tests.setups.sending import Sending

FINE = "thank you for telling us. If anything changes or worries you, call 555-0100. Emergency: 911."
A_PERSON = "a person will answer you today. Sooner: call 555-0100. Emergency: 911."
CALL = "we have your answer. Please do not wait for a text: call 555-0100 now. Emergency: 911."


def outcomes(sending: Sending) -> list[tuple[str, str | None, bool, str | None]]:
    """Of each text that came: meaning, choice, whether it is urgent, who closed it."""
    return [(one.meaning, one.choice, one.urgent, one.closed_by) for one in replies(sending)]


async def test_one_files_itself_two_is_a_task_and_three_is_urgent(sending: Sending) -> None:
    cases = (
        ("1", FINE, ("answer", "1", False, "itself")),
        ("dos", A_PERSON, ("answer", "2", False, None)),
        ("3", CALL, ("answer", "3", True, None)),
    )
    for number, (text, words, expected) in enumerate(cases):
        phone = f"+1212555010{number}"
        asked = await ask(sending, phone, name=f"Ana {number}", folded_name=f"ana{number}")
        await hears(sending, text, phone=phone)
        assert [words] == said(sending, phone)
        assert expected == outcomes(sending)[-1]
        assert asked == replies(sending)[-1].ask_id


async def test_an_answer_in_spanish_is_answered_in_the_patients_language(sending: Sending) -> None:
    await ask(sending, language="es")
    await hears(sending, "Bien")
    assert ["gracias por avisarnos. Si algo cambia o le preocupa, llame al 555-0100. Emergencia: 911."] == said(sending)


async def test_the_same_answer_counts_once_however_often_it_comes(sending: Sending) -> None:
    for text, words in (("1", FINE), ("2", A_PERSON), ("3", CALL)):
        phone = f"+1212555020{text}"
        await ask(sending, phone, name=f"Ana {text}", folded_name=f"ana{text}")
        await hears(sending, text, text, f"{text}.", phone=phone)
        assert [words] == said(sending, phone)
        assert ["itself", "itself"] == [one.closed_by for one in replies(sending)[-2:]]


async def test_another_answer_is_for_people_and_only_more_care_is_acted_upon(sending: Sending) -> None:
    cases = (
        (("1", "3"), [FINE, CALL], [("1", "itself"), ("3", None)]),
        (("3", "1"), [CALL], [("3", None), ("1", None)]),
        (("2", "1", "1"), [A_PERSON], [("2", None), ("1", None), ("1", "itself")]),
        (("3", "2"), [CALL], [("3", None), ("2", None)]),
    )
    for number, (texts, words, expected) in enumerate(cases):
        phone = f"+1212555030{number}"
        await ask(sending, phone, name=f"Ana {number}", folded_name=f"ana{number}")
        await hears(sending, *texts, phone=phone)
        assert words == said(sending, phone)
        assert expected == [(one.choice, one.closed_by) for one in replies(sending) if one.phone == phone]


async def test_who_is_worse_again_after_a_person_closed_it_is_urgent_again(sending: Sending) -> None:
    await ask(sending)
    await hears(sending, "3")
    with writing(sending.engine) as session:
        close_reply(session, 1, TextsDecision.STAY_HELD, now=sending.clock.now(), by="dana")
    await hears(sending, "3")
    assert [("answer", "3", True, "dana"), ("answer", "3", True, None)] == outcomes(sending)


async def test_more_words_or_a_photo_are_a_reply_and_no_answer(sending: Sending) -> None:
    await ask(sending)
    await hears(sending, "1 but it itches a little")
    await hears(sending, "1", media=1)
    assert [("other", None, None)] * 2 == [(one.meaning, one.choice, one.closed_by) for one in replies(sending)]
    assert FINE not in said(sending)


async def test_nobody_whose_words_are_unread_hears_that_all_is_well(sending: Sending) -> None:
    """Also when the words come in the moment between the plan and the call."""
    await ask(sending)
    await hears(sending, "what about this bump", "1")
    assert [] == said(sending)
    assert ("answer", "1", False, "itself") == outcomes(sending)[-1]

    eva = "+12125550102"
    await ask(sending, eva, name="Eva", folded_name="eva")
    for text in ("1", "about my next visit"):
        sending.gateway.reply(eva, text)
    await sending.inbound()
    await sending.turn()
    assert [] == said(sending, eva)


async def test_with_two_questions_open_on_a_number_a_person_decides_which_is_meant(sending: Sending) -> None:
    await ask(sending)
    sending.clock.pass_(minutes=10)
    await ask(sending, name="Eva Ruiz", folded_name="evaruiz")
    await hears(sending, "1", "3")
    assert [("answer", None, False, None), ("answer", None, True, None)] == outcomes(sending)
    assert not any("thank you" in text for text in said(sending))


async def test_a_late_answer_counts_and_a_digit_of_weeks_later_is_for_people(sending: Sending) -> None:
    await ask(sending)
    sending.clock.pass_(hours=24 * 5)
    await hears(sending, "1")
    sending.clock.pass_(hours=24 * 3)
    await hears(sending, "1")
    assert ["answer", "other"] == [one.meaning for one in replies(sending)]
    assert FINE in said(sending)


async def test_a_webhook_and_a_poll_of_the_same_text_are_one_answer(sending: Sending) -> None:
    await ask(sending)
    await hears(sending, "2")
    await sending.inbound()
    sending.dispatch.wake()
    await sending.turn()
    assert 1 == len(replies(sending))
    assert [A_PERSON] == said(sending)


async def test_when_a_person_will_be_there_is_said_on_the_patients_clock(sending: Sending) -> None:
    cases = (
        ("Mon-Fri 09:00-17:00", "en", "a person will answer you on Mon Mar 9 after 9:00 AM."),
        ("Mon-Fri 09:00-17:00", "es", "una persona le responderá a partir del lunes 9 de marzo a las 9:00 am."),
        ("Fri 09:00-23:00", "en", "a person will answer you today."),
        (None, "en", "a person will answer you when the clinic is open."),
    )
    for number, (_, language, _) in enumerate(cases):
        name = f"ana{number}"
        await ask(sending, f"+1212555040{number}", name=name, folded_name=name, language=language)
    sending.clock.pass_(hours=4)
    for number, (hours, _, words) in enumerate(cases):
        sending.answers = replace(RULES, staffed=StaffedHours.parse(hours) if hours else None)
        await hears(sending, "2", phone=f"+1212555040{number}")
        (text,) = said(sending, f"+1212555040{number}")
        assert text.startswith(words)


async def test_a_question_is_withdrawn_from_asking_again_as_soon_as_something_was_written(sending: Sending) -> None:
    asked = await ask(sending)
    tomorrow = sending.clock.now() + timedelta(days=1)
    again = sending.plan(
        sending.message(asked).enrollment_id, kind="ask", step="check-in.again", due_at=tomorrow, not_before=tomorrow
    )
    await hears(sending, "thank you!")
    assert MessageState.CANCELLED == sending.state(again)
    assert ANA == sending.message(again).phone
