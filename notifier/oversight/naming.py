"""Sentences that name enrollments by number, with the patients' names: nobody at a desk knows a patient by number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Enrollment
from schedules.saying import say_day

_NUMBERED: Final = re.compile(r"\benrollment ([0-9]{1,18})\b", re.IGNORECASE)


def with_names(session: Session, said: Iterable[str], called: Callable[[Enrollment], str]) -> list[str]:
    """The sentences with every enrollment that the session may see as it is called there; kept nowhere."""
    sentences = list(said)
    numbers = {int(number) for one in sentences for number in _NUMBERED.findall(one)}
    found = session.scalars(select(Enrollment).where(col(Enrollment.id).in_(sorted(numbers)))) if numbers else ()
    names = {one.id: called(one) for one in found}
    return [_NUMBERED.sub(lambda hit: names.get(int(hit[1]), hit[0]), one) for one in sentences]


def name_and_day(enrollment: Enrollment) -> str:
    """`Nora Quinn (Sat Nov 28)`: whose treatment, and of which day."""
    return f"{enrollment.name} ({say_day(enrollment.treated_on)})"


def number_and_name(enrollment: Enrollment) -> str:
    """`enrollment 9 (Nora Quinn)`: what commands take, and whose it is."""
    return f"enrollment {enrollment.id} ({enrollment.name})"
