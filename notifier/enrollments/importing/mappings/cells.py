"""Names, phones, zones and words as booking systems write them."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from notifier.enrollments.importing.mappings.dates import clean

_ASIDE: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_TITLE: Final = re.compile(r"^(?:(?:mr|mrs|ms|miss|mx|dr|prof|sr|sra|srta|dra?)\.?\s+)+", re.IGNORECASE)
_PRONOUNS: Final = re.compile(
    r"[\s,|-]*\b(?:she|he|they|ze|xe|ella|[eé]l|elle)\s?/\s?\w+(?:\s?/\s?\w+)?\b", re.IGNORECASE
)
_FLAG: Final = re.compile(r"\*+[^*]*\*+|[*]+|#\s?\d+")
"""** NEW ** and #1044 beside a name."""
_BEHIND: Final = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_DEGREE: Final = re.compile(r"(?:md|do|phd|rn|np|pa|pa-c|dds|dmd|esq|bsn)\.?", re.IGNORECASE)
_LABEL: Final = re.compile(r"^[^\d+(]*(?=[\d+(])")
_EXTENSION: Final = re.compile(r"\s*\([A-Za-z ]+\)$|\s+(?:mobile|cell|home|work)\b.*$", re.IGNORECASE)
_RAILS: Final = {
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "indiana (east)": "America/Indiana/Indianapolis",
    "atlantic time (canada)": "America/Halifax",
    "arizona": "America/Phoenix",
    "alaska": "America/Juneau",
    "hawaii": "Pacific/Honolulu",
    "puerto rico": "America/Puerto_Rico",
}
"""Of ActiveSupport::TimeZone; Windows names are CLDR's."""
_LONGEST_ID: Final = 100


def read_name(parts: list[str], order: str) -> str:
    """A name as a person would write it: turned, and without a title or what stands in brackets."""
    name = " ".join(filter(None, (_without_asides(part) for part in parts)))
    said = [part.strip() for part in name.split(",") if not _DEGREE.fullmatch(part.strip())]
    behind = [part for part in said[1:] if _BEHIND.fullmatch(part)]
    said = [part for part in said if part not in behind]
    if order == "last, first" and len(said) == 2:
        said = [f"{said[1]} {said[0]}"]
    name = " ".join((", ".join(said), *behind))
    return _TITLE.sub("", name).strip() or name


def _without_asides(part: str) -> str:
    plain = _ASIDE.sub("", clean(part))
    return _FLAG.sub("", _PRONOUNS.sub("", plain)).strip(" ,|-")


def read_phone(cell: str) -> str:
    """A number without a label before it or a word behind it."""
    return _EXTENSION.sub("", _LABEL.sub("", clean(cell))).removesuffix(".0").rstrip("*")


def read_zone(cell: str) -> str:
    """An IANA zone for its Windows or Rails name; any other cell as it is."""
    name = clean(cell)
    return WINDOWS_TO_OLSON.get(name) or _RAILS.get(name.casefold()) or name


def id_of(name: str, keys: list[str], day: str) -> str:
    """An id for a visit that has none. It gives away neither a name nor a number."""
    said = "\x1f".join(clean(key).casefold() for key in keys)
    if len(keys) == 1 and len(said) + len(name) < _LONGEST_ID and re.fullmatch(r"[a-z]*\d{1,9}", said):
        return f"{name}-{clean(keys[0])}-{day}"
    return f"{name}-{hashlib.sha256(said.encode()).hexdigest()[:16]}-{day}"


def fold(word: str) -> str:
    """A word of a file without case, marks and needless spaces: "No Show" and "no-show" are one."""
    return re.sub(r"[\s_-]+", " ", clean(word).casefold()).strip()
