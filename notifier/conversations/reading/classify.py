"""What a patient's text means to us, and which words decided. Only the clear cases are acted upon.

Twilio honors its keywords only as the whole message ("Stop please" does not count). The FCC's rules honor any
reasonable wording (47 CFR 64.1200(a)(10)), so this reader is complete by itself. Words only add care: what nothing here
recognizes stays open for people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from notifier.conversations.reading.choices import Choices, begins_with_worse, choice_in
from notifier.conversations.reading.model import cares_for
from notifier.conversations.reading.normalize import NAME, Said
from notifier.conversations.reading.reactions import Reaction, reaction_in
from notifier.conversations.reading.symbols import GLAD, STOP_SIGNS, is_unreadable, symbols
from notifier.conversations.reading.urgent_words import urgent_words
from notifier.conversations.reading.vocabulary import Vocabulary, said_of, vocabulary, vocabulary_of
from schedules.asking import AnswerMeaning
from schedules.languages.registry import languages


class Meaning(StrEnum):
    """What a reply asks of us."""

    STOP = "stop"
    """Opt the number out, at once."""
    WRONG_PERSON = "wrong_person"
    """Perhaps somebody else's phone: the number is held whole, and staff are alerted."""
    PERHAPS_STOP = "perhaps_stop"
    """May be a wish to stop: the number is held whole, and staff are alerted."""
    START = "start"
    """Opt the number in again; texts still in the future resume."""
    HELP = "help"
    HARMLESS = "harmless"
    """Files itself."""
    ANSWER = "answer"
    """The answer to an open question of ours, and nothing else."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one text is read."""

    meaning: Meaning
    urgent: bool = False
    """May be a medical emergency, whatever else it means: staff are alerted. Never automatic medical advice."""
    why: tuple[str, ...] = ()
    """The words that decided."""
    alone: bool = True
    """It says nothing else."""
    choice: str | None = None
    """Of an answer to a question of ours: the digit that it stands for."""


def read_reply(
    text: str,
    opt_out_type: str | None = None,
    media_count: int = 0,
    *,
    asked: Choices | None = None,
    opted_out: bool = False,
) -> Reading:
    """Read one text.

    `opt_out_type`: Twilio's own verdict (STOP, START, HELP); its STOP and HELP always count, its START only with our
    own word for it. `asked`: the closed answers of a question that is open. `opted_out`: the number wants no texts.
    """
    known = vocabulary()
    reaction = reaction_in(text, known)
    said = said_of(text if reaction is None else reaction.behind, known)
    urgent = tuple(dict.fromkeys(urgent_words(said, known)))
    verdict = (opt_out_type or "").strip().lower()
    if verdict in ("stop", "help"):
        read = Reading(Meaning(verdict), why=(f"Twilio: {verdict.upper()}",))
    elif asked and not media_count and reaction is None and (choice := choice_in(said, asked, known)):
        worse = asked[choice] is AnswerMeaning.WORSE
        return Reading(Meaning.ANSWER, urgent=worse, why=(said.whole,), choice=choice)
    else:
        read = _read(text, said, reaction, known)
        if asked and reaction is None and begins_with_worse(said, asked, known):
            urgent += (f"begins with {said.whole.partition(' ')[0]}",)
    read, urgent = _with_care(read, urgent, said, known)
    agrees = bool(known.yes & set(said.whole.split()))
    if read.meaning is Meaning.HARMLESS and (urgent or media_count or (opted_out and agrees)):
        read = Reading(Meaning.OTHER)
    return replace(read, urgent=bool(urgent), why=tuple(dict.fromkeys(read.why + urgent)))


def language_of_urgent(text: str) -> str | None:
    """In which language the urgent words are, where only one has them; None where none or several do."""
    spoken = [(one.code, vocabulary_of(one)) for one in languages()]
    found = [code for code, known in spoken if any(urgent_words(said_of(text, known), known))]
    return found[0] if len(found) == 1 else None


def _with_care(
    read: Reading, urgent: tuple[str, ...], said: Said, known: Vocabulary
) -> tuple[Reading, tuple[str, ...]]:
    """The same, with the care that the model adds: it raises what the rules left open, and changes nothing else."""
    unsure = read.meaning in (Meaning.OTHER, Meaning.HARMLESS)
    if urgent and not unsure:
        return read, urgent
    for care, features in cares_for(said, known).items():
        why = f"sounds {_SOUNDS[care]}: {', '.join(features)}"
        if care == "urgent":
            urgent = urgent or (why,)
        elif unsure and read.meaning not in _HOLDS:
            read = Reading(_HOLDS_FOR[care], why=(why,))
    return read, urgent


def _read(text: str, said: Said, reaction: Reaction | None, known: Vocabulary) -> Reading:
    if reaction is None:
        return _of_words(said, symbols(text), known, unreadable=is_unreadable(text))
    if not said.clauses:
        return Reading(Meaning.HARMLESS if reaction.is_glad else Meaning.OTHER, why=(reaction.how,))
    read = _of_words(said, frozenset(), known)
    return Reading(Meaning.OTHER) if read.meaning is Meaning.HARMLESS else read


def _of_words(said: Said, signs: frozenset[str], known: Vocabulary, *, unreadable: bool = False) -> Reading:
    if signs & STOP_SIGNS and not said.asks:
        return Reading(Meaning.STOP, why=tuple(sorted(signs & STOP_SIGNS)), alone=not said.clauses)
    if unreadable:
        return Reading(Meaning.PERHAPS_STOP, why=("a script that nobody here reads",))
    words = said.whole.split()
    somebody_else = _wrong_person(said, known)
    if why := _stop(said, words, known):
        more = set(words) - set(why.split()) - known.filler - known.stop
        return Reading(Meaning.STOP, why=(why,), alone=not more and not somebody_else)
    if keyword := _keyword(words, known):
        return Reading(keyword, why=tuple(words))
    if somebody_else:
        return Reading(Meaning.WRONG_PERSON, why=(somebody_else,))
    if why := _perhaps_stop(said, known):
        return Reading(Meaning.PERHAPS_STOP, why=(why,))
    harmless = () if said.asks or not signs <= GLAD else _harmless(said, signs, known)
    return Reading(Meaning.HARMLESS, why=harmless) if harmless else Reading(Meaning.OTHER)


def _keyword(words: list[str], known: Vocabulary) -> Meaning | None:
    asked_for = set(words) - known.polite
    if not asked_for:
        return None
    if asked_for <= known.start:
        return Meaning.START
    return Meaning.HELP if asked_for <= known.help else None


def _perhaps_stop(said: Said, known: Vocabulary) -> str:
    whole = said.whole
    if not said.asks and known.perhaps_stop_whole.fullmatch(whole) and not known.not_a_request.search(whole):
        return whole
    return _found(known.perhaps_stop, said)


def _stop(said: Said, words: list[str], known: Vocabulary) -> str:
    """The words by which it is a clear wish to stop; empty where it is none."""
    if not known.not_a_request.search(said.whole):
        spoken = {word for word in words if not word.isdigit()}
        others = spoken - known.stop - known.weak_stop
        clear = spoken & known.stop and others <= known.filler | {NAME} and not (said.asks and others & known.asking)
        if clear or (spoken & known.weak_stop and others <= known.polite | known.about_texts | {NAME}):
            return " ".join(words)
        for clause in said.clauses:
            parts = set(clause.split())
            if parts & known.stop and parts <= known.stop | known.polite:
                return clause
    return "" if known.our_own_words.search(said.whole) else _found(known.stop_phrases, said, known.not_a_request)


def _wrong_person(said: Said, known: Vocabulary) -> str:
    return "" if known.not_wrong_person.search(said.whole) else _found(known.wrong_person, said)


def _found(pattern: re.Pattern[str], said: Said, but_not: re.Pattern[str] | None = None) -> str:
    for clause in said.clauses:
        found = pattern.search(clause)
        if found and not (but_not and but_not.search(clause)):
            return found[0]
    return ""


def _harmless(said: Said, signs: frozenset[str], known: Vocabulary) -> tuple[str, ...]:
    """The words by which it is harmless; none where it is not."""
    if not said.clauses:
        return tuple(sorted(signs))
    without = " ".join(" ".join(known.no_symptom.sub(" ", clause) for clause in said.clauses).split())
    left = set(without.split())
    heads = [word for word in said.whole.split() if word in known.harmless]
    phrase = known.harmless_phrases.search(said.whole)
    if phrase:
        heads.append(phrase[0])
    if not heads or not left <= known.harmless | known.harmless_filler:
        return ()
    if known.not_harmless.search(without) or (without != said.whole and not left & known.sure):
        return ()
    return tuple(heads)


_HOLDS_FOR: Final = {"stop": Meaning.PERHAPS_STOP, "wrong_person": Meaning.WRONG_PERSON}
"""What the model's cares hold the number for."""
_HOLDS: Final = frozenset(_HOLDS_FOR.values())
_SOUNDS: Final = {"urgent": "urgent", "stop": "like a stop", "wrong_person": "like somebody else"}
