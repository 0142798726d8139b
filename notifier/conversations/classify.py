"""What a patient's text means to us. Only the clear cases are acted upon; everything else is read by people.

Twilio honors its keywords only as the whole message ("Stop please" does not count). The FCC's rules honor any
reasonable wording (47 CFR 64.1200(a)(10)), so this reader is complete by itself.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from notifier.conversations.vocabulary import Vocabulary, vocabulary


class Meaning(StrEnum):
    """What a reply asks of us."""

    STOP = "stop"
    """Opt the number out, at once."""
    START = "start"
    """Opt it in again; texts still in the future resume."""
    HELP = "help"
    THANKS = "thanks"
    """Files itself."""
    URGENT = "urgent"
    """May be a medical emergency: staff are alerted. Never automatic medical advice."""
    UNCLEAR = "unclear"
    """May be a wish to stop: the number is held until a person has read it."""
    OTHER = "other"


def read_reply(text: str, opt_out_type: str | None = None, media_count: int = 0) -> Meaning:
    """Read one text; `opt_out_type` is Twilio's own verdict (STOP, START, HELP), which always counts."""
    verdict = (opt_out_type or "").strip().lower()
    if verdict in ("stop", "start", "help"):
        return Meaning(verdict)
    known = vocabulary()
    if reaction := _reaction(_plain(text), known):
        return reaction
    said = _normalized(text, known)
    words = said.split()
    if _is_stop(said, words, known, asks="?" in text or "¿" in text) or any(
        _is_stop_clause(clause, known) for clause in _CLAUSE_END.split(text)
    ):
        return Meaning.STOP
    if known.urgent.search(said):
        return Meaning.URGENT
    if said in known.start:
        return Meaning.START
    if known.help & set(words) and set(words) <= known.help | known.polite:
        return Meaning.HELP
    if known.unclear & set(words) or known.stop_phrases.search(said):
        return Meaning.UNCLEAR
    return Meaning.THANKS if media_count == 0 and _is_thanks(text, words, known) else Meaning.OTHER


def mentions_urgent(text: str) -> bool:
    """Whether the words of an emergency are in it, whatever else it means; a reaction's quote is our own words."""
    known = vocabulary()
    if known.liked.match(_plain(text)) or known.disliked.match(_plain(text)):
        text = _QUOTED.sub(" ", text, count=1)
    return known.urgent.search(_normalized(text, known)) is not None


def _reaction(plain: str, known: Vocabulary) -> Meaning | None:
    """A reaction quotes our own text, with the STOP in it."""
    if known.liked.match(plain):
        return Meaning.THANKS
    return Meaning.OTHER if known.disliked.match(plain) else None


def _is_stop(said: str, words: list[str], known: Vocabulary, *, asks: bool) -> bool:
    spoken = set(words)
    if known.not_a_request.search(said):
        return False
    others = spoken - known.stop - known.weak_stop
    if spoken & known.stop and others <= known.filler:
        return not (asks and others & known.asking)
    if spoken & known.weak_stop and others <= known.polite | known.about_texts:
        return True
    if known.our_own_words.search(said):
        return False
    return known.stop_phrases.search(said) is not None


def _is_stop_clause(clause: str, known: Vocabulary) -> bool:
    """Whether a part of the text is nothing but a clear stop: "STOP. Sent from my phone", "Bad skin, please stop"."""
    said = _normalized(clause, known)
    spoken = set(said.split())
    return bool(spoken & known.stop) and spoken <= known.stop | known.polite and not known.not_a_request.search(said)


def _is_thanks(text: str, words: list[str], known: Vocabulary) -> bool:
    if not words:
        return bool(_GLAD_EMOJI.intersection(text))
    return bool(known.thanks & set(words)) and set(words) <= known.thanks | known.thanks_filler


def _plain(text: str) -> str:
    """Without accents, invisible characters and look-alike forms (full width, small capitals)."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf", "Cc") or c.isspace())


def _normalized(text: str, known: Vocabulary) -> str:
    said = re.sub(r"['’‘`´]", "", _plain(text).casefold())
    said = " ".join(re.findall(r"[^\W_]+", said))
    said = known.spelled.sub(lambda found: found[0].replace(" ", ""), said)
    for pattern, joined in known.joined:
        said = pattern.sub(joined, said)
    return said


_GLAD_EMOJI: Final = frozenset("👍🙏❤♥😊🙂😀😁😃😄🥰😍👌💕💖💛💙💜✅🎉☺👏🤗😘")
_QUOTED: Final = re.compile(r"[\"“«].*[\"”»]", re.DOTALL)
_CLAUSE_END: Final = re.compile(r"[.!?,;:\n]")
