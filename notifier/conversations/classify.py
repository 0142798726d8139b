"""What a patient's text means to us. Only the clear cases are acted upon; everything else is read by people.

Twilio honors its keywords only as the whole message ("Stop please" does not count). The FCC's rules honor any
reasonable wording (47 CFR 64.1200(a)(10)), so this reader is complete by itself.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from notifier.conversations.words import (
    ABOUT_TEXTS,
    DISLIKED,
    FILLER,
    HELP,
    LIKED,
    NOT_A_REQUEST,
    OUR_OWN_WORDS,
    POLITE,
    START,
    STOP_PHRASES,
    STOP_WORDS,
    THANKS,
    THANKS_FILLER,
    UNCLEAR_WORDS,
    URGENT,
    WEAK_STOP_WORDS,
)


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
    if reaction := _reaction(_plain(text)):
        return reaction
    said = _normalized(text)
    words = said.split()
    if _is_stop(said, words, asks="?" in text or "¿" in text) or any(map(_is_stop_clause, _CLAUSE_END.split(text))):
        return Meaning.STOP
    if URGENT.search(said):
        return Meaning.URGENT
    if said in START:
        return Meaning.START
    if HELP & set(words) and set(words) <= HELP | POLITE:
        return Meaning.HELP
    if UNCLEAR_WORDS & set(words) or STOP_PHRASES.search(said):
        return Meaning.UNCLEAR
    return Meaning.THANKS if media_count == 0 and _is_thanks(text, words) else Meaning.OTHER


def mentions_urgent(text: str) -> bool:
    """Whether the words of an emergency are in it, whatever else it means; a reaction's quote is our own words."""
    if LIKED.match(_plain(text)) or DISLIKED.match(_plain(text)):
        text = _QUOTED.sub(" ", text, count=1)
    return URGENT.search(_normalized(text)) is not None


def _reaction(plain: str) -> Meaning | None:
    """A reaction quotes our own text, with the STOP in it."""
    if LIKED.match(plain):
        return Meaning.THANKS
    return Meaning.OTHER if DISLIKED.match(plain) else None


def _is_stop(said: str, words: list[str], *, asks: bool) -> bool:
    spoken = set(words)
    if NOT_A_REQUEST.search(said):
        return False
    others = spoken - STOP_WORDS - WEAK_STOP_WORDS
    if spoken & STOP_WORDS and others <= FILLER:
        return not (asks and "i" in others)
    if spoken & WEAK_STOP_WORDS and others <= POLITE | ABOUT_TEXTS:
        return True
    if OUR_OWN_WORDS.search(said):
        return False
    return STOP_PHRASES.search(said) is not None


def _is_stop_clause(clause: str) -> bool:
    """Whether a part of the text is nothing but a clear stop: "STOP. Sent from my phone", "Bad skin, please stop"."""
    said = _normalized(clause)
    spoken = set(said.split())
    return bool(spoken & STOP_WORDS) and spoken <= STOP_WORDS | POLITE and not NOT_A_REQUEST.search(said)


def _is_thanks(text: str, words: list[str]) -> bool:
    if not words:
        return bool(_GLAD_EMOJI.intersection(text))
    return bool(THANKS & set(words)) and set(words) <= THANKS | THANKS_FILLER


def _plain(text: str) -> str:
    """Without accents, invisible characters and look-alike forms (full width, small capitals)."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf", "Cc") or c.isspace())


def _normalized(text: str) -> str:
    said = re.sub(r"['’‘`´]", "", _plain(text).casefold())
    said = " ".join(re.findall(r"[^\W_]+", said))
    said = _SPELLED.sub(lambda found: found[0].replace(" ", ""), said)
    for pattern, joined in _JOINED:
        said = pattern.sub(joined, said)
    return said


_GLAD_EMOJI: Final = frozenset("👍🙏❤♥😊🙂😀😁😃😄🥰😍👌💕💖💛💙💜✅🎉☺👏🤗😘")
_QUOTED: Final = re.compile(r"[\"“«].*[\"”»]", re.DOTALL)
_CLAUSE_END: Final = re.compile(r"[.!?,;:\n]")
_SPELLED: Final = re.compile(r"\b(?:s t o p|e n d|q u i t|c a n c e l)\b")
_JOINED: Final = (
    (re.compile(r"\bs+t+o+p+s?\b"), "stop"),
    (re.compile(r"\bs+t+o+p+ ?all\b"), "stopall"),
    (re.compile(r"\bopt(?: me| us| my number)? ?out\b"), "optout"),
    (re.compile(r"\bopting(?: me)? out\b"), "optingout"),
    (re.compile(r"\bun ?subscribed?\b"), "unsubscribe"),
    (re.compile(r"\bno mas\b"), "nomas"),
    (re.compile(r"^no more(?= ?$| (?:please|pls|thanks|thank you)$)"), "nomore"),
)
