"""Phone numbers: only what can be texted in the United States and its territories, as E.164.

`phonenumbers` alone is too kind for this: it reads full-width digits, turns letters into digits and drops an extension
silently, so the shape is checked here first and the library decides only whether the number exists. The fictitious
555-01XX numbers pass: they can never reach anybody, and demos and tests need them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import PhoneNumber, PhoneNumberType, number_type, region_code_for_number
from phonenumbers.timezone import time_zones_for_geographical_number

from notifier.domain.area_codes import ZONES_OF_AREA_CODES

_INSTEAD = "write a US mobile number such as +14155550123"
_PUNCTUATION = re.compile(r"[ ().\-]")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
"""What word processors and web pages make of a hyphen; a number that is pasted from there is meant as it looks."""
_EXTENSION = re.compile(r"(x|ext\.?|extension|#|,|;)\s*[0-9]+\s*$", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_REGIONS = {
    "US": frozenset({"US", "PR", "GU", "VI", "AS", "MP"}),
}
"""What counts as at home: the US and the territories that share its country code, carriers and rules."""
_PLACES = {
    "US": "the United States",
    "PR": "Puerto Rico",
    "GU": "Guam",
    "VI": "the US Virgin Islands",
    "AS": "American Samoa",
    "MP": "the Northern Mariana Islands",
}
_TEXTABLE = frozenset({PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.MOBILE})
_REASONS = {
    PhoneNumberType.TOLL_FREE: "a toll-free number",
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.FIXED_LINE: "a landline",
}
_WELL_FORMED = re.compile(r"([2-9](?!11)[0-8][0-9])([2-9](?!11)[0-9]{2})[0-9]{4}")
"""The North American Numbering Plan's form: no area code has a 9 in the middle, and x11 are services."""
_MOST_ZONES = 4
"""More zones than this (Alaska has 2, a toll-free number 42) say nothing about where somebody lives."""


class UnknownAreaCode(ValueError):
    """A number of the right form whose area code the library does not know: a person may vouch for it."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be texted, and the clocks its area code may be on."""

    e164: str
    area_zones: tuple[str, ...]
    """IANA zones of the area code, where there are 1 to 4 of them; else none."""


@lru_cache(maxsize=65536)
def parse_phone(raw: str, *, region: str = "US", vouched: bool = False) -> Phone:
    """Read a number as staff write it; raises ValueError with a sentence that names the reason.

    `vouched`: a person says that the number is right. One of an area code that the library does not know yet then
    passes (new ones come into service every few months); whether it can be texted Twilio will tell.
    """
    text = raw.translate(_DASHES).strip(" \t\r\n")  # not strip(): an invisible character must be named, not dropped
    digits = _national_digits(text)
    region_code, kind = _about_prefix(digits[:6])
    if kind == PhoneNumberType.UNKNOWN and _WELL_FORMED.fullmatch(digits):
        if vouched:
            return Phone(f"+1{digits}", ())
        raise UnknownAreaCode(
            f'phone "{text}": area code {digits[:3]} with {digits[3:6]} is no US number known here; {_INSTEAD}, '
            "or, where the number is right and its area code is new, say that too (new_area_code)"
        )
    if kind == PhoneNumberType.UNKNOWN:
        raise ValueError(f'phone "{text}": area code {digits[:3]} with {digits[3:6]} is no US number; {_INSTEAD}')
    if kind in _REASONS:
        raise ValueError(f'phone "{text}" is {_REASONS[kind]}, which cannot get texts from a clinic; {_INSTEAD}')
    if region_code not in _REGIONS[region]:
        raise ValueError(f'phone "{text}" is not in the United States or its territories; {_INSTEAD}')
    if kind not in _TEXTABLE:
        raise ValueError(f'phone "{text}" is not a number that gets texts; {_INSTEAD}')
    return Phone(f"+1{digits}", area_zones(f"+1{digits}"))


def area_zones(e164: str) -> tuple[str, ...]:
    """The 1-4 zones of a number's area code, else none; an area code is not a location, so they may only narrow."""
    return _zones_of_prefix(e164[2:8])


def country_of(e164: str) -> str | None:
    """The country or territory of a number's area code, as it stands in a sentence; None for an unknown one."""
    return _PLACES.get(_about_prefix(e164[2:8])[0] or "")


def region_of(e164: str) -> str | None:
    """The ISO code of that country or territory, such as PR; None for an unknown area code."""
    return _about_prefix(e164[2:8])[0]


# What the library knows of country code 1 ends with these six digits: the last four never matter. Asking it is slow.
@lru_cache(maxsize=32768)
def _about_prefix(prefix: str) -> tuple[str | None, int]:
    """The region and the type of every number that begins so."""
    number = _example(prefix)
    return region_code_for_number(number), number_type(number)


@lru_cache(maxsize=32768)
def _zones_of_prefix(prefix: str) -> tuple[str, ...]:
    if known := ZONES_OF_AREA_CODES.get(prefix[:3]):
        return known
    zones = time_zones_for_geographical_number(_example(prefix))
    known = tuple(zone for zone in zones if zone != "Etc/Unknown")
    return known if len(known) <= _MOST_ZONES else ()


def _example(prefix: str) -> PhoneNumber:
    return PhoneNumber(country_code=1, national_number=int(f"{prefix}2345"))


def _national_digits(text: str) -> str:
    """The ten digits, or ValueError; everything `phonenumbers` would guess about is refused here."""
    if not text:
        raise ValueError(f"the phone number is empty; {_INSTEAD}")
    if len(text) > 40:
        raise ValueError(f"the phone number is {len(text)} characters long; {_INSTEAD}")
    for character in text:
        if ord(character) > 126 or ord(character) < 32:
            name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
            raise ValueError(f'the phone number has a character that is no digit ("{name}"); type it again by hand')
    if _SCIENTIFIC.fullmatch(text):
        raise ValueError(
            f'phone "{text}" was turned into scientific notation by a spreadsheet and has lost its digits; '
            "format the column as text and write +14155550123"
        )
    if _EXTENSION.search(text):
        raise ValueError(f'phone "{text}" has an extension, which cannot get texts; {_INSTEAD}')
    if re.search(r"[A-Za-z]", text):
        raise ValueError(f'phone "{text}" has letters; {_INSTEAD}')
    return _ten_digits(text, _PUNCTUATION.sub("", text))


def _ten_digits(text: str, digits: str) -> str:
    if not re.fullmatch(r"\+?[0-9]+", digits):
        raise ValueError(f'phone "{text}" has other characters than digits; {_INSTEAD}')
    if len(digits) == 13 and digits.startswith("001"):
        digits = digits.removeprefix("00")  # as the number is dialed from abroad
    if digits.startswith(("+0", "00", "011")) or (digits.startswith("+") and not digits.startswith("+1")):
        raise ValueError(f'phone "{text}" is not in the United States or its territories; {_INSTEAD}')
    national = digits.removeprefix("+1")
    if len(national) == 11 and national[0] == "1":
        national = national[1:]
    if len(national) != 10:
        count = f"{len(national)} digit{'s' * (len(national) != 1)}"
        raise ValueError(f'phone "{text}" has {count} where a US number has ten; {_INSTEAD}')
    return national
