"""How a text says when something ends. Nothing of the program is imported here."""

from __future__ import annotations

from datetime import datetime, time

_DAYS_ES = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]
_MONTHS_ES = {2: "febrero", 3: "marzo", 4: "abril"}


def as_said(end: datetime, language: str) -> str:
    """Day and hour of the clock on the wall, in the patient's language; midnight goes without saying."""
    hour, half = f"{end.hour % 12 or 12}:{end.minute:02}", end.hour // 12
    if language == "es":
        day = f"{_DAYS_ES[end.weekday()]} {end.day} de {_MONTHS_ES[end.month]}"
        hour = f" a la{'s' if end.hour % 12 != 1 else ''} {hour} {('am', 'pm')[half]}"
    else:
        day, hour = f"{end:%a %b} {end.day}", f" {hour} {('AM', 'PM')[half]}"
    return day + hour if end.time() != time(0) else day
