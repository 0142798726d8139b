"""What the model changes in what the rules say: it adds care, and it is the second key where a text files itself."""

from __future__ import annotations

from dataclasses import replace

from notifier.conversations.reading.heard import Heard
from notifier.conversations.reading.meanings import UNSURE, Meaning, Reading
from notifier.conversations.reading.model import Opinion, model
from notifier.conversations.reading.normalize import Said
from notifier.conversations.reading.symbols import GLAD, symbols
from notifier.conversations.reading.urgent_words import is_fever
from notifier.conversations.reading.vocabulary import Vocabulary


def with_second_opinion(read: Reading, heard: Heard, opinion: Opinion, known: Vocabulary) -> Reading:
    """The same with the model's opinion: nothing that the rules are sure of becomes less careful.

    The model adds urgency: by itself where it is sure, and beside alarming words where it is not clearly against.
    """
    least, said = model().thresholds, heard.said
    if heard.alarming and opinion.odds("urgent") > least["alarming"]:
        read = replace(read, urgent=True, why=tuple(dict.fromkeys(read.why + heard.alarming)))
    if not read.urgent and opinion.odds("urgent") > least["urgent"]:
        read = replace(read, urgent=True, why=(*read.why, _sounds("urgent", opinion, "urgent")))
    alarmed = read.urgent or bool(heard.alarming)
    if read.meaning not in UNSURE:
        return read
    doubted = said.asks or alarmed or known.not_a_request.search(said.whole)
    if opinion.odds("stop") > least["surely stop"] and not doubted:
        return replace(read, meaning=Meaning.STOP, why=(_sounds("like a stop", opinion, "stop"),), alone=False)
    if opinion.odds("stop", "wrong_person") > least["hold"] and not known.not_a_request.fullmatch(said.whole):
        if opinion.odds("stop") > opinion.odds("wrong_person"):
            held, why = Meaning.PERHAPS_STOP, _sounds("like a stop", opinion, "stop")
        else:
            held, why = Meaning.WRONG_PERSON, _sounds("like somebody else", opinion, "wrong_person")
        return replace(read, meaning=held, why=(why, *(read.why if read.urgent else ())))
    if read.meaning is Meaning.OTHER and heard.reaction is None and not alarmed and _needs_nobody(said, known):
        key = "harmless" if _is_glad(said, known) else "surely harmless"
        if opinion.odds("harmless") > least[key]:
            return Reading(Meaning.HARMLESS, why=(_sounds("harmless", opinion, "harmless"),))
    return read


def _needs_nobody(said: Said, known: Vocabulary) -> bool:
    """Whether no listed word needs a person: no question, no sad sign, no trouble that is there, no temperature."""
    if said.asks or not symbols(said.plain) <= GLAD or known.not_harmless.search(said.whole):
        return False
    left = [word for clause in said.clauses for word in _without_what_is_gone(clause, known).split()]
    return not known.symptoms & set(left) and not any(map(is_fever, left))


def _is_glad(said: Said, known: Vocabulary) -> bool:
    """Whether it has a listed word of thanks or gladness, a glad sign, or a trouble that is not there."""
    return bool(
        known.harmless & set(said.whole.split())
        or symbols(said.plain) & GLAD
        or known.harmless_phrases.search(said.whole)
        or any(_without_what_is_gone(clause, known) != clause for clause in said.clauses)
    )


def _without_what_is_gone(clause: str, known: Vocabulary) -> str:
    return known.past_symptom.sub(" ", known.no_symptom.sub(" ", clause))


def _sounds(how: str, opinion: Opinion, kind: str) -> str:
    return f"sounds {how}: {', '.join(opinion.decisive(kind))}"
