"""What a patient's text means to us, and which words decided. Only the clear cases are acted upon.

Twilio honors its keywords only as the whole message ("Stop please" does not count). The FCC's rules honor any
reasonable wording (47 CFR 64.1200(a)(10)), so this reader is complete by itself. Words only add care: what nothing here
recognizes stays open for people.
"""

from __future__ import annotations

from dataclasses import replace

from notifier.conversations.reading.choices import Choices, begins_with_worse, choice_in
from notifier.conversations.reading.features import features
from notifier.conversations.reading.heard import hear
from notifier.conversations.reading.meanings import Meaning, Reading
from notifier.conversations.reading.model import model
from notifier.conversations.reading.second_opinion import with_second_opinion
from notifier.conversations.reading.urgent_words import alarming_words, urgent_words
from notifier.conversations.reading.vocabulary import said_of, vocabulary, vocabulary_of
from schedules.asking import AnswerMeaning
from schedules.languages.registry import languages


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
    heard = hear(text, known, media_count)
    said, reaction, urgent, _, read = heard
    verdict = (opt_out_type or "").strip().lower()
    if verdict in ("stop", "help"):
        read = Reading(Meaning(verdict), why=(f"Twilio: {verdict.upper()}",))
    elif asked and not media_count and reaction is None and (choice := choice_in(said, asked, known)):
        worse = asked[choice] is AnswerMeaning.WORSE
        return Reading(Meaning.ANSWER, urgent=worse, why=(said.whole,), choice=choice)
    elif asked and reaction is None and begins_with_worse(said, asked, known):
        urgent += (f"begins with {said.whole.partition(' ')[0]}",)
    read = replace(read, urgent=bool(urgent), why=tuple(dict.fromkeys(read.why + urgent)))
    if said.clauses:
        read = with_second_opinion(read, heard, model().weigh(features(said, known)), known)
    alarmed, agrees = read.urgent or bool(heard.alarming), bool(known.yes & set(said.whole.split()))
    if read.meaning is Meaning.HARMLESS and (alarmed or media_count or (opted_out and agrees)):
        read = Reading(Meaning.OTHER, urgent=read.urgent, why=read.why if read.urgent else ())
    return read


def language_of_urgent(text: str) -> str | None:
    """In which language the urgent words are, where only one has them; None where none or several do."""
    spoken = [(one.code, vocabulary_of(one)) for one in languages()]
    said = [(code, said_of(text, known), known) for code, known in spoken]
    found = [code for code, it, known in said if any(urgent_words(it, known)) or any(alarming_words(it, known))]
    return found[0] if len(found) == 1 else None
