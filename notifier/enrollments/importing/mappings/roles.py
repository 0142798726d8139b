"""What a column of a file may say, and which one probably says what: a proposal that a person sees and corrects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from notifier.enrollments.importing.mappings.cells import fold
from notifier.enrollments.importing.mappings.dates import clean


class Says(StrEnum):
    """What a column says."""

    NAME = "name"
    FIRST = "first name"
    LAST = "last name"
    PHONE = "phone"
    DATE = "date"
    TIME = "time"
    END = "end"
    MINUTES = "minutes"
    SERVICE = "service"
    STATUS = "status"
    CONSENT = "consent"
    PROVIDER = "provider"
    OFFICE = "office"
    VISIT = "visit"
    CLIENT = "client"
    TIMEZONE = "timezone"


_WHO: Final = r"(client|customer|guest|patient|chart|member|paciente|cliente)"
_WORDS: Final = {
    # The first that fits wins; English and Spanish, without accents.
    Says.FIRST: r"(first|given|preferred) name|first|nombre de pila|primer nombre|nombres?",
    Says.LAST: r"(last|family) name|surname|last|apellidos?( \w+)?",
    Says.CLIENT: rf"{_WHO}.*(\b(id|no|number|code|numero|codigo)\.?|#)|mrn|chart|expediente"
    r"|(id|numero|no|codigo)\.? (de )?(paciente|cliente)",
    Says.VISIT: r"((appointment|appt|booking|visit|reservation|event|order)[ .]*)?(id|uid|number|no|ref(erence)?|#)\.?"
    r"|(id|numero|no|folio)( de( la)?)? (cita|visita|reserva)|folio|confirmation( \w+)?",
    Says.CONSENT: r".*(consent|opt in|sms|text(s|ing)? ok|agrees?|autoriza|acepta).*",
    Says.PHONE: r".*(phone|mobile|cell|telefono|celular|movil|tel)\b.*",
    Says.TIMEZONE: r".*(time ?zone|tz|zona horaria|huso).*",
    Says.MINUTES: r".*(duration|length|minutes|mins|duracion|minutos).*",
    Says.END: r".*\b(end|ends|finish|until|fin|termina|hasta|check ?out)\b.*",
    Says.STATUS: r".*(status|state|estado|estatus|asistencia|attendance).*",
    Says.SERVICE: r".*(service|treatment|procedure|appointment type|visit type|reason).*"
    r"|.*(servicio|tratamiento|procedimiento|motivo).*|type|tipo( de cita)?",
    Says.PROVIDER: r".*(provider|staff|practitioner|clinician|therapist|doctor|resource|employee|technician).*"
    r"|.*(injector|esthetician|profesional|proveedor|terapeuta|atiende).*|with|calendar",
    Says.OFFICE: r".*(location|office|branch|clinic|site|center|centre|sucursal|sede|consultorio).*",
    Says.DATE: r"((appointment|appt|visit|service|start|treatment) )?(date|day)( .*)?|fecha.*|dia|when|cuando"
    r"|(appointment|start)s?( (date|on|at|time))*|inicio|cita",
    Says.TIME: r".*\b(time|hora|start|begin|from|inicio|comienzo)\b.*",
    Says.NAME: rf".*\b({_WHO}|name|nombre)\b.*",
}
_ONCE: Final = frozenset(Says) - {Says.CLIENT}
_NEVER: Final = re.compile(
    r".*(created|booked (on|at)|date scheduled|birth|dob|nacimiento|price|paid|amount|email|correo|note|cancel).*"
    r"|(home|work) phone|.*address.*"
)
_PHONE: Final = re.compile(r"\D*(?:\d\D{0,3}){10,13}")
_CLOCK: Final = re.compile(r"\d{1,2}[:.h]\d{2}|\d{1,2}\s*[ap]\.?m", re.IGNORECASE)
_TITLE_LINES: Final = 30


def header_row(rows: Sequence[tuple[int, list[str]]]) -> int:
    """Where the names of the columns probably stand: the position in `rows` of the line that reads most like them."""
    scores = [(len(guess_roles(cells, ())), sum(map(bool, cells)), -place) for place, (_, cells) in _top(rows)]
    return -max(scores, default=(0, 0, 0))[2]


def guess_roles(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, Says]:
    """By position; a role is given once. A name decides; where no name says a phone or a date, the cells do."""
    found: dict[int, Says] = {}
    names = {place: _plain(cell) for place, cell in enumerate(header) if cell}
    for role, words in _WORDS.items():
        for place, name in names.items():
            free = place not in found and not (role in _ONCE and role in found.values())
            if free and len(name) <= _LONGEST and not _NEVER.fullmatch(name) and re.fullmatch(words, name):
                found[place] = role
    if Says.DATE not in found.values():
        found |= {place: Says.DATE for place, role in found.items() if role is Says.TIME}
    if Says.FIRST in found.values() and Says.LAST not in found.values():
        found |= {place: Says.NAME for place, role in found.items() if role is Says.FIRST}
    if Says.PHONE not in found.values():
        phones = (
            place for place in names if found.get(place, Says.VISIT) is Says.VISIT and _mostly(_PHONE, place, rows)
        )
        found |= dict.fromkeys([*phones][:1], Says.PHONE)
    return found


_LONGEST: Final = 60


def has_time(cells: Sequence[str]) -> bool:
    """Whether most of these have a time of day."""
    return sum(bool(_CLOCK.search(clean(cell))) for cell in cells) * 2 > len(cells)


def _plain(cell: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", fold(cell)) if not unicodedata.combining(one))


def _mostly(pattern: re.Pattern[str], place: int, rows: Sequence[Sequence[str]]) -> bool:
    cells = [clean(row[place]) for row in rows if place < len(row) and row[place]]
    return bool(cells) and sum(bool(pattern.fullmatch(cell)) for cell in cells) * 2 > len(cells)


def _top(rows: Sequence[tuple[int, list[str]]]) -> list[tuple[int, tuple[int, list[str]]]]:
    return list(enumerate(rows))[:_TITLE_LINES]
