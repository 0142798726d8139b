"""STOP in any reasonable wording is honored; ambiguous words hold the number; emergencies are seen."""

from __future__ import annotations

import pytest

from notifier.conversations.classify import Meaning, mentions_urgent, read_reply

STOPS = [
    "STOP", "Stop.", " stop ", "STOP!!!", "ＳＴＯＰ", '"stop"', "“Stop”", "stop please", "Please stop", "STOP 🛑",
    "🛑stop🛑", "S T O P", "s.t.o.p.", "stooop", "stop\u200b", "s\u00adtop", "Stop\n\nSent from my iPhone",
    "It hurts. Please stop.", "stopall", "STOP ALL", "stop it", "stop this", "ok stop now", "I said stop",
    "can you please stop", "I want to stop", "opt out", "OPT-OUT", "optout", "opt me out please",
    "please opt me out", "I'd like to opt out", "unsubscribe", "Unsubscribe me", "unsuscribe", "revoke",
    "I revoke my consent", "end", "END.", "cancel", "Cancel please", "cancel texts", "cancel these messages",
    "quit", "quit texting me", "end messages", "stop texting me", "Stop sending me these", "stop messaging",
    "please stop all messages", "do not text me", "don't text me again", "DON’T CONTACT ME",
    "do not contact this number", "remove me", "remove me from your list", "take me off this list", "no more texts",
    "no more", "no more messages please", "I don't want these texts", "I no longer want to get reminders",
    "I did not sign up for these messages", "I don't want to be texted", "wrong number",
    "you have the wrong number", "Wrong person!", "leave me alone", "lose my number", "delete my number", "alto",
    "ALTO por favor", "parar", "pare ya", "basta", "¡BASTA!", "no más", "No mas", "no más mensajes", "cancelar",
    "Cancelar mensajes", "no quiero más mensajes", "no quiero recibir mensajes", "dejen de escribirme",
    "deje de mandarme mensajes", "no me escriban", "no me manden más textos", "número equivocado", "darme de baja",
    "baja", "quítenme de la lista", "bórrenme", "détengan", "arrêt", "stop, I have a fever", "STOP to opt out",
    "stop?", "stop.",
]  # fmt: skip

UNCLEAR = [
    "when can I stop icing?", "can I stop?", "stop taking the pills?", "should I stop the retinol",
    "please don't stop", "why did you stop texting me", "cancel my appt pls", "cancel it",
    "I need to cancel tomorrow", "how do I quit smoking", 'what does "STOP to opt out" mean?',
    "¿cuándo puedo parar con la crema?", "tengo que cancelar la cita", "it never stops",
]  # fmt: skip

URGENT = [
    "it won't stop bleeding", "stop bleeding?", "I have a fever", "fever of 102", "I can't breathe",
    "cannot breathe", "having trouble breathing", "short of breath", "chest pain", "pain in my chest",
    "my lips are swollen", "swelling of my tongue", "I think it's infected", "there is pus", "I fainted",
    "should I go to the hospital", "severe pain", "I can't see", "blisters everywhere", "I want to die",
    "no para de sangrar", "tengo fiebre", "no puedo respirar", "me cuesta respirar", "dolor en el pecho",
    "tengo la cara hinchada", "labios muy hinchados", "creo que está infectado", "es una emergencia", "me desmayé",
    "dolor muy fuerte", "HELP I cant breathe", "yes, fever", "thanks but there's blood",
]  # fmt: skip

OTHERS = [
    "YES feeling fine", "ended up ok", "what a great weekend", "when is my next appointment?",
    "Can I wear sunscreen?", "", "   ", "?", "no more redness, looks good", "see you at the end of the week",
    "the weekend was fine", "😡", "no", "Disliked “Reply STOP to opt out.”", "¿puedo usar maquillaje?",
    "start tomorrow?", "yes please",
]  # fmt: skip

THANKS = [
    "thanks", "Thank you!", "thank you so much 🙏", "ok", "OK thanks", "Got it", "👍", "❤️", "👍🏽", "perfect, thanks",
    "Gracias", "muchas gracias", "perfecto", "Liked “Glow Clinic: no makeup until Sun. STOP to opt out.”",
    "👍 to “STOP to opt out”", "Le gustó “STOP para cancelar”",
]  # fmt: skip


def test_any_reasonable_wish_to_stop_is_a_stop(subtests: pytest.Subtests) -> None:
    for text in STOPS:
        with subtests.test(text=text):
            assert read_reply(text) == Meaning.STOP


def test_ambiguous_words_go_to_a_person(subtests: pytest.Subtests) -> None:
    for text in UNCLEAR:
        with subtests.test(text=text):
            assert read_reply(text) == Meaning.UNCLEAR


def test_words_of_an_emergency_are_urgent(subtests: pytest.Subtests) -> None:
    for text in URGENT:
        with subtests.test(text=text):
            assert read_reply(text) == Meaning.URGENT


def test_plain_talk_is_left_to_staff(subtests: pytest.Subtests) -> None:
    for text in OTHERS:
        with subtests.test(text=text):
            assert read_reply(text) == Meaning.OTHER


def test_thanks_and_likes_file_themselves(subtests: pytest.Subtests) -> None:
    for text in THANKS:
        with subtests.test(text=text):
            assert read_reply(text) == Meaning.THANKS


def test_only_the_whole_word_opts_in(subtests: pytest.Subtests) -> None:
    for text in ("START", "start", "Yes", "YES!", "unstop"):
        with subtests.test(text=text):
            assert read_reply(text) == Meaning.START


def test_help_is_help(subtests: pytest.Subtests) -> None:
    for text in ("help", "HELP", "info", "ayuda por favor"):
        with subtests.test(text=text):
            assert read_reply(text) == Meaning.HELP


@pytest.mark.parametrize(("verdict", "meaning"), [("STOP", "stop"), ("START", "start"), ("HELP", "help")])
def test_twilios_own_verdict_counts_whatever_the_words(verdict: str, meaning: str) -> None:
    assert read_reply("Basta!!1", opt_out_type=verdict) == meaning


def test_a_photo_with_thanks_is_for_people() -> None:
    assert read_reply("thanks", media_count=1) == Meaning.OTHER


def test_an_emergency_inside_a_stop_is_still_seen() -> None:
    assert mentions_urgent("stop, I have a fever")
    assert not mentions_urgent("stop")
