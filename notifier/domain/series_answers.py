"""Which session of how many it is: fields of their own, which write the answers of the same names."""

from __future__ import annotations

from collections.abc import Mapping

from notifier.domain.refused import Refused
from schedules.series import SERIES


def with_series(answers: Mapping[str, str], session: str | None, sessions: str | None) -> dict[str, str]:
    """The answers, and which session of how many it is among them. Raises Refused where an answer says another one."""
    said = {name: number.strip() for name, number in zip(SERIES, (session, sessions), strict=True) if number}
    for name, number in said.items():
        if answers.get(name, number) != number:
            raise Refused(f'{name} is {number[:20]}, and its answer says "{answers[name][:20]}"; say one of them', name)
    return {**answers, **said}
