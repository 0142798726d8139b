"""STOP in any reasonable wording is honored; doubt holds the number; urgent words are seen; the words are said."""

from __future__ import annotations

import pytest

from notifier.conversations.reading.choices import USUAL
from notifier.conversations.reading.classify import read_reply
from notifier.conversations.reading.meanings import Meaning

STOPS = [
    "STOP", "Stop.", " stop ", "STOP!!!", "ＳＴＯＰ", '"stop"', "“Stop”", "stop please", "Please stop", "STOP 🛑",
    "🛑stop🛑", "🚫", "S T O P", "s.t.o.p.", "stooop", "stop\u200b", "s\u00adtop", "Stop\n\nSent from my iPhone",
    "It hurts. Please stop.", "stopall", "STOP ALL", "stop it", "stop this", "ok stop now", "I said stop",
    "can you please stop", "I want to stop", "opt out", "OPT-OUT", "opt me out please", "STOP 12345",
    "Stop Maria Lopez",
    "I'd like to opt out", "unsubscribe", "Unsubscribe me", "revoke", "I revoke my consent", "END.", "Cancel please",
    "cancel these messages", "quit texting me", "Stop sending me these", "do not text me", "DON’T CONTACT ME",
    "remove me from your list", "take me off this list", "no more texts", "I don't want these texts", "not interested",
    "I no longer want to get reminders", "I did not sign up for these messages", "I don't want to be texted",
    "leave me alone", "lose my number", "ALTO por favor", "pare ya", "¡BASTA!", "No mas", "Cancelar mensajes",
    "no quiero recibir mensajes", "dejen de escribirme", "no me manden más textos", "darme de baja",
    "quítenme de la lista", "bórrenme", "détengan", "arrêt", "stop, I have a fever", "STOP to opt out", "stop?",
    "I don't know you. stop", "thanks but please stop", "how do I unsubscribe?",
]  # fmt: skip
NOT_STOPS = [
    "when can I stop icing?", "should I stop the retinol", "it won't stop itching", "cancel my appointment",
    "how do I quit smoking", "STOP BY", "I'll stop by tomorrow",
    "no more redness, looks good", "see you at the end of the week", "¿cuándo puedo parar con la crema?",
    "quiero cancelar mi cita", "no para de pelarse", "Disliked “Reply STOP to opt out.”", "yes please", "no", "?", "",
    "   ", "😡", "😭", "👎", "call me", "12", "resume texts", "YES", "sí",
]  # fmt: skip
HELD = {
    Meaning.PERHAPS_STOP: ["too many texts", "no thanks", "these texts are annoying", "توقف", "停止", "mute it"],
    Meaning.WRONG_PERSON: ["wrong number", "I'm not Maria", "she passed away", "número equivocado", "no soy Ana"],
}
URGENT = [
    "it won't stop bleeding", "I have a fever", "101.5", "39", "101.2F today",
    "temp of 103", "tengo 39 grados", "I can't breathe",
    "short of breath", "pain in my chest", "my lips are swollen", "no pus but a fever of 102", "I fainted",
    "I'm at the ER",
    "should I go to the hospital", "I can't see", "my smile is crooked", "skin is turning white and it's cold",
    "no para de sangrar", "me falta el aire", "tengo la cara hinchada", "se me puso negra la piel", "boca torcida",
    "HELP I cant breathe", "thanks but there's blood", "stop, I have a fever",
    "Liked “no sun” but now I have a fever",
]  # fmt: skip
NOT_URGENT = [
    "no fever, all good", "no swelling no bleeding", "the swelling went down", "it stopped bleeding, can I shower?",
    "I work at a hospital, is a mask ok?", "it's 102 outside", "room 101", "I'm 39 years old", "what if I get a fever?",
    "my son has a fever so we need to reschedule", "sin fiebre ni pus", "ya no estoy sangrando", "stop",
    "Liked “Glow: call us if you have a fever”", "thanks",
]  # fmt: skip
HARMLESS = [
    "thanks", "Thank you!", "thank you so much 🙏", "ok", "Got it", "👍🏽", "❤️", "perfect, thanks",
    "no fever, all good",
    "will do", "muchas gracias", "todo bien", "👍 to “STOP to opt out”", "Le gustó “STOP para cancelar”",
    "Liked “Glow Clinic: no makeup until Sun. STOP to opt out.”",
]  # fmt: skip
OPEN = [
    "thanks?", "ok?", "👎 to “makeup is ok”", "Liked “makeup is ok” what about blush", "not good", "thanks 😭",
    "no estoy bien",
    "Questioned “no sun”", "😡", "a photo", "hi", "got my period",
]  # fmt: skip


def test_any_reasonable_wish_to_stop_is_a_stop_and_the_object_decides(subtests: pytest.Subtests) -> None:
    for text in STOPS:
        with subtests.test(text=text):
            assert Meaning.STOP == read_reply(text).meaning
    for text in NOT_STOPS:
        with subtests.test(text=text):
            assert read_reply(text).meaning in (Meaning.OTHER, Meaning.HARMLESS)
    for text in ("please don't stop", "why did you stop texting me"):  # to hold is not to stop
        assert Meaning.STOP != read_reply(text).meaning


def test_doubt_holds(subtests: pytest.Subtests) -> None:
    for meaning, texts in HELD.items():
        for text in texts:
            with subtests.test(text=text):
                assert meaning == read_reply(text).meaning


def test_words_of_an_emergency_are_urgent_beside_any_meaning_and_negation_decides(subtests: pytest.Subtests) -> None:
    for texts, urgent in ((URGENT, True), (NOT_URGENT, False)):
        for text in texts:
            with subtests.test(text=text):
                assert urgent == read_reply(text).urgent


def test_an_alarming_word_is_not_urgent_in_innocent_company_and_is_so_by_itself_or_beside_a_certain_one() -> None:
    innocent = "The ambulance in front of us is slow, I will be ten minutes late for my appointment"
    assert [(False, ()), (True, ("ambulance",)), (True, ("cannot breathe", "ambulance"))] == [
        (read.urgent, read.why)
        for read in map(
            read_reply, (innocent, "ambulance", "The ambulance in front of us is slow and I cannot breathe")
        )
    ]
    assert read_reply("An ambulance took me away after my face was swollen and hot").urgent


def test_a_certain_word_counts_also_where_the_clause_speaks_of_another_time() -> None:
    """Nor does a question, a photo or a wish to stop beside it make an emergency quiet."""
    asks = "Is this blood normal?"
    assert [False, True] == [read_reply(asks, media_count=photos).urgent for photos in (0, 1)]
    assert read_reply("no more texts, I woke up with a fever").urgent
    assert [True, False] == [read_reply(f"I have a {it}, can I come tomorrow?").urgent for it in ("fever", "hay fever")]
    assert ("throat is closing",) == read_reply("History of cold sores and now my throat is closing").why


def test_only_what_is_plainly_glad_files_itself(subtests: pytest.Subtests) -> None:
    for texts, harmless in ((HARMLESS, True), (OPEN, False), (URGENT, False)):
        for text in texts:
            with subtests.test(text=text):
                assert harmless == (read_reply(text).meaning is Meaning.HARMLESS)


def test_only_start_and_unstop_opt_in_and_help_is_help(subtests: pytest.Subtests) -> None:
    cases = {"START": "start", "please start": "start", "Unstop!": "start", "help": "help", "ayuda por favor": "help"}
    for text, meaning in cases.items():
        with subtests.test(text=text):
            assert meaning == read_reply(text).meaning


def test_twilios_stop_and_help_count_whatever_the_words_and_its_start_only_with_ours() -> None:
    assert ["stop", "help", "other", "start"] == [
        read_reply(text, opt_out_type=verdict).meaning
        for text, verdict in (("hm", "STOP"), ("hm", "HELP"), ("YES", "START"), ("START", "START"))
    ]


def test_a_photo_with_thanks_is_for_people() -> None:
    assert Meaning.OTHER == read_reply("thanks", media_count=1).meaning


def test_an_answer_is_one_only_where_a_question_is_open_and_nothing_else_is_said(subtests: pytest.Subtests) -> None:
    answers = {
        "1": ("1", " 1. ", "1\ufe0f\u20e3", "one", "ONE", "fine", "Uno", "bien", "1 fine", "1) bien"),
        "2": ("2", "two", "dos", "2 a question", "a question", "una pregunta"),
        "3": ("3", "3!", "tres", "Worse.", "peor", "3 worse"),
    }
    for choice, texts in answers.items():
        for text in texts:
            with subtests.test(text=text):
                read = read_reply(text, asked=USUAL)
                assert (Meaning.ANSWER, choice, choice == "3") == (read.meaning, read.choice, read.urgent)
                assert read.why
                assert Meaning.ANSWER != read_reply(text).meaning
    others = (
        "1 but it itches",
        "1?",
        "2 can I swim",
        "1 2",
        "1 worse",
        "10",
        "fine?",
        "ok",
        "1 gracias",
        "3?",
        "3 it hurts",
    )
    for text in others:
        with subtests.test(text=text):
            assert Meaning.ANSWER != read_reply(text, asked=USUAL).meaning
    assert Meaning.ANSWER != read_reply("1", media_count=1, asked=USUAL).meaning
    assert [True, True, False] == [read_reply(text, asked=USUAL).urgent for text in ("3?", "3 of it", "1 of it")]


def test_a_yes_of_somebody_who_opted_out_is_for_people() -> None:
    assert ["harmless", "other"] == [read_reply("yes, all good", opted_out=out).meaning for out in (False, True)]


def test_a_stop_with_more_words_tells_staff_something() -> None:
    says = {"stop texting me": True, "STOP": True, "stop texting my wife, she passed away": False}
    assert says == {text: read_reply(text).alone for text in says}


def test_the_words_that_decided_are_said() -> None:
    assert ("leave me alone",) == read_reply("Oh please leave me alone").why
    assert ("fever",) == read_reply("No pus, but a fever!").why
    assert ("101.5",) == read_reply("101.5").why
    assert () == read_reply("is this normal").why
