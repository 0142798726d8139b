"""Clocks of US area codes where the library's own list falls short.

Source: the time zone boundaries of 49 CFR part 71, laid over the numbering plan areas that NANPA has assigned. A mobile
number's first six digits say where it was first given out and no more, so both clocks of a divided area count.
"""

from __future__ import annotations

from typing import Final

_EASTERN, _CENTRAL, _MOUNTAIN = "America/New_York", "America/Chicago", "America/Denver"
_IN_BOTH: Final = {
    (_CENTRAL, _EASTERN): (219, 270, 364, 423, 448, 574, 606, 812, 850, 906, 930),
    (_CENTRAL, _MOUNTAIN): (308, 605, 620, 701, 785),
    ("America/Boise", "America/Los_Angeles"): (208, 458, 541, 775, 986),
    (_MOUNTAIN, "America/Phoenix"): (928,),  # the Navajo Nation keeps summer time, the rest of Arizona does not
    (_EASTERN,): (689,),  # Orlando's second code; the library has it in the Central zone
}
ZONES_OF_AREA_CODES: Final = {str(code): zones for zones, codes in _IN_BOTH.items() for code in codes}
"""By area code: IANA zones, which win over the library's."""
