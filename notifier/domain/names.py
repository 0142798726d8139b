"""Patients' names: what may stand in a text and on the staff page.

A name opens a text that comes from a clinic's trusted number, so a name field must not be able to carry a link, a line
of its own or a command. Letters of any script, marks, spaces, `'`, `-` and the dot of an initial: nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from schedules.placeholders import FACT_PLACEHOLDERS

LONGEST_NAME = 80
LONGEST_FIRST_NAME = 40
_CURLY = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00a0": " "})
"""What word processors write; kept as they are they would make every text with this name a costly UCS-2 one."""
_END_OF_WORD = re.compile(r"(?<=\w)[.,](?= |,|$)")
_INITIAL = re.compile(r"(?<!\w)\w\.(?= |$)")
_PLAIN = re.compile(r"[A-Za-z]+(?:[ '-][A-Za-z]+)*")
_MARKUP = {"{": "a brace", "}": "a brace", "<": "an angle bracket", ">": "an angle bracket", "/": "a slash"}


@dataclass(frozen=True, slots=True)
class Name:
    """A checked name."""

    full: str
    first: str
    folded: str
    """Case, accents, spaces and punctuation removed: what makes two spellings the same patient."""


@lru_cache(maxsize=65536)
def check_name(raw: str) -> Name:
    """Check a name as staff typed it; raises ValueError with a sentence that names the character."""
    if len(raw) > 10 * LONGEST_NAME:
        raise ValueError(f"the name is {len(raw)} characters long; write at most {LONGEST_NAME}")
    full = re.sub(" {2,}", " ", unicodedata.normalize("NFC", raw.translate(_CURLY)).strip(" "))
    if not full:
        raise ValueError("the name is empty; write the patient's name")
    if not _PLAIN.fullmatch(full):
        _check_characters(full)
    if len(full) > LONGEST_NAME:
        raise ValueError(f"the name is {len(full)} characters long; write at most {LONGEST_NAME}")
    first = full.partition(" ")[0]
    if len(first) > LONGEST_FIRST_NAME:
        raise ValueError(f"the first name is {len(first)} characters long; write at most {LONGEST_FIRST_NAME}")
    if any(word.casefold().startswith("www") for word in full.split(" ")):
        raise ValueError('the name has "www", like a link; write the patient\'s name alone')
    return Name(full, first, fold_name(full))


def clean_person(raw: str) -> str:
    """Somebody at the clinic, with titles, as staff typed it: a dot or a comma may end a word, as in Dr. Kim, RN.

    Empty where nothing was typed. Raises ValueError with a sentence that names the character.
    """
    said = " ".join(unicodedata.normalize("NFC", raw.translate(_CURLY)).split())
    if said and len(said) <= LONGEST_NAME:
        check_name(_END_OF_WORD.sub("", said))
    return said


def check_provider(raw: str) -> str:
    """Who treated the patient, as a text may print it; raises ValueError as `clean_person` does, and for its length."""
    said = " ".join(raw.split())
    if len(said) > (longest := FACT_PLACEHOLDERS["provider"]):
        raise ValueError(f"provider is {len(said)} characters long; write at most {longest}")
    return clean_person(raw)


def fold_name(full: str) -> str:
    """Case, accents, spaces and punctuation removed."""
    if full.isascii():
        return "".join(c for c in full.lower() if c.isalpha())
    return "".join(c for c in unicodedata.normalize("NFKD", full.casefold()) if c.isalpha())


def _check_characters(full: str) -> None:
    for character in full:
        if fault := _fault(character):
            raise ValueError(f"the name has {fault}; write letters, spaces, ' and - only")
    if "." in _INITIAL.sub("", full):
        raise ValueError("the name has a dot that does not end an initial; write J. Smith, and Jr without its dot")
    if re.search(r"[^\w.)]-|-(?!\w)|^-", full):
        raise ValueError("the name has a hyphen that joins no letters; write it between two letters, as in Ana-Lucia")
    if not any(character.isalpha() for character in full):
        raise ValueError("the name has no letter; write the patient's name")
    if _stacked_accents(full):
        raise ValueError("the name has more than three marks on one letter; write it without them")


def _fault(character: str) -> str | None:
    category = unicodedata.category(character)
    if category[0] in "LM" or character in " '-.":
        return None
    if character in "\n\r\v\f\x85\u2028\u2029":
        return "a line break"
    if category[0] == "N":
        return f'a digit ("{character}")'
    if category in ("Cc", "Cf", "Co", "Cn", "Cs", "Zs"):
        return f"an invisible character (U+{ord(character):04X} {unicodedata.name(character, 'control').lower()})"
    if category == "So":
        return f"a picture ({unicodedata.name(character, f'U+{ord(character):04X}').lower()})"
    said = _MARKUP.get(character)
    return f'{said} ("{character}")' if said else f'the character "{character}"'


def _stacked_accents(full: str) -> bool:
    run = 0
    for character in full:
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        if run > 3:
            return True
    return False
