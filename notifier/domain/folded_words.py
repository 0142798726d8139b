"""One fold for comparing our words with what a provider lists: what it may have changed on the way is left out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_MASKED: Final = re.compile(r"\+?[0-9]*[Xx*]{2,}[0-9]*")
_TRIAL: Final = "sentfromyourtwiliotrialaccount"
"""A trial account's texts begin with this."""
_LOOK_ALIKES: Final = str.maketrans("аеорсухіѕјԁɡӏոօαονρτυχ", "aeopcyxisjdglnoaovptux")  # that is the point
"""Cyrillic, Armenian and Greek letters that a carrier's alphabet has only as Latin ones."""


@lru_cache(maxsize=1024)
def folded(words: str) -> str:
    """Letters and digits alone, without case, accents and look-alikes; no quotes, dashes, spaces or trial prefix.

    Two texts of ours to one number are never so alike that only the rest tells them apart. Empty for words that the
    provider hides.
    """
    apart = unicodedata.normalize("NFKD", words).casefold().translate(_LOOK_ALIKES)
    return "".join(letter for letter in apart if letter.isalnum()).removeprefix(_TRIAL)


def hides_number(number: str) -> bool:
    """Whether the provider has put something else in a number's place, such as +1787420XXXX, or nothing at all."""
    return not number or _MASKED.fullmatch(number) is not None
