"""Series: which session of how many a treatment is. Every protocol may hang on it, and none asks for it by itself.

`session` and `sessions` stand among an enrollment's answers, as whole numbers, whatever its protocol asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

SESSION: Final = "session"
SESSIONS: Final = "sessions"
SERIES: Final[Mapping[str, str]] = MappingProxyType(
    {SESSION: "Which session of the series is this?", SESSIONS: "How many sessions does the series have?"}
)
"""The reserved names, and how each is asked."""
FIRST: Final = "first"
LAST: Final = "last"
MOST_SESSIONS: Final = 60
_NUMBER: Final = re.compile(r"[1-9]\d?")


def check_series(answers: Mapping[str, str]) -> None:
    """Refuse what is no session of a series; raises ValueError with a sentence."""
    for name in SERIES:
        if name in answers and not _is_number(answers[name]):
            raise ValueError(
                f'"{answers[name]}" is no "{name}" of a series; write a whole number, 1 to {MOST_SESSIONS}'
            )
    if SESSION in answers and SESSIONS in answers and int(answers[SESSION]) > int(answers[SESSIONS]):
        raise ValueError(
            f'"session" {answers[SESSION]} is after the last of {answers[SESSIONS]} "sessions"; correct one of the two'
        )


def wrong_option(name: str, option: str) -> str | None:
    """What is wrong with an option of `only_if = { session = option }`; None where nothing is."""
    if _is_number(option) or (name == SESSION and option in {FIRST, LAST}):
        return None
    known = f'"{FIRST}", "{LAST}" or a number' if name == SESSION else "a number"
    return f'"{option}" is no {name} of a series; write {known} such as "2"'


def is_last(answers: Mapping[str, str]) -> bool:
    """Whether it is known to be the last session."""
    return SESSION in answers and answers[SESSION] == answers.get(SESSIONS)


def session_is(option: str, answers: Mapping[str, str]) -> bool | None:
    """Whether the session is this one: `first`, `last` or a number; None where that is not known."""
    session = answers.get(SESSION)
    if session is None or (option == LAST and SESSIONS not in answers):
        return None
    return session == {FIRST: "1", LAST: answers.get(SESSIONS)}.get(option, option)


def every_kind(options: Mapping[str, Iterable[str]]) -> list[dict[str, str]]:
    """A series' sessions of each kind that a protocol with these options, by name, tells apart."""
    named = {int(one) for one in options.get(SESSION, ()) if one.isdigit()} | {1}
    totals = {int(one) for one in options.get(SESSIONS, ())} | {1, max(named) + 2}
    found: list[dict[str, str]] = []
    for total in sorted(totals):
        unnamed = next((one for one in range(2, total) if one not in named), 1)
        numbers = sorted({one for one in (*named, unnamed, total) if one <= total})
        found += [{SESSION: str(session), SESSIONS: str(total)} for session in numbers]
    return found


def one_that_is(options: Mapping[str, str]) -> dict[str, str]:
    """A session of a series that is the one of these options, by name: the first of three where they say nothing."""
    session, total = options.get(SESSION, FIRST), options.get(SESSIONS, "")
    number = {FIRST: "1", LAST: total or "3"}.get(session, session)
    return {SESSION: number, SESSIONS: total or str(max(3, int(number)))}


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and int(text) <= MOST_SESSIONS
