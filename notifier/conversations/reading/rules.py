"""What the listed words of a text mean: they are certain of what they know, and know nothing else."""

from __future__ import annotations

import re

from notifier.conversations.reading.meanings import Meaning, Reading
from notifier.conversations.reading.normalize import NAME, Said
from notifier.conversations.reading.reactions import Reaction
from notifier.conversations.reading.symbols import GLAD, STOP_SIGNS, is_unreadable, symbols
from notifier.conversations.reading.vocabulary import Vocabulary


def read_by_rules(text: str, said: Said, reaction: Reaction | None, known: Vocabulary) -> Reading:
    """What the words that are listed say; other where they say nothing."""
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
