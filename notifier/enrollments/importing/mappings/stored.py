"""The clinic's own mappings and what its words mean, in the database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, get_args

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import MappingWord, SavedMapping
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.apply import FileReader, UnknownWord
from notifier.enrollments.importing.mappings.cells import fold
from notifier.enrollments.importing.mappings.mapping import NO_TEXTS, Visit, read_mapping
from notifier.enrollments.importing.mappings.registry import find_mapping
from schedules.protocol import CareProtocol

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
Meanings = Mapping[UnknownWord, str]


def own_mappings(session: Session) -> dict[str, str]:
    """The clinic's own, by name: their TOML."""
    return {one.name: one.content for one in session.scalars(select(SavedMapping).order_by(col(SavedMapping.name)))}


def save_mapping(session: Session, name: str, content: str, *, now: datetime, by: str) -> None:
    """Keep a mapping of the clinic's own, in place of one of that name. Raises Refused."""
    if not _NAME.fullmatch(name):
        raise Refused(f'"{name[:40]}" is no name for a mapping; use lower-case letters, digits and -', "name")
    read_mapping(content, name)
    session.merge(SavedMapping(name=name, content=content, at=now, by=by))


def forget_mapping(session: Session, name: str) -> None:
    """Let go of a mapping of the clinic's own and of what its words mean. Raises Refused where there is neither."""
    words = session.execute(
        delete(MappingWord).where(col(MappingWord.mapping) == name).returning(col(MappingWord.word))
    )
    found = session.execute(
        delete(SavedMapping).where(col(SavedMapping.name) == name).returning(col(SavedMapping.name))
    )
    if not [*words, *found]:
        raise Refused(f'nothing of yours is kept under the mapping "{name[:40]}"', "name")


def open_reader(
    session: Session,
    name: str,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    *,
    consent: str = "",
    said: Meanings | None = None,
    complete: bool = False,
) -> FileReader:
    """What reads a file through the mapping of that name, with all that was said of its words. Raises Refused.

    `complete`: this file names every visit of its days, whatever the mapping says.
    """
    mapping = find_mapping(name, own_mappings(session)).mapping
    kept = {UnknownWord(one.what, one.word): one.means for one in _words(session, name)}
    known = {**kept, **{UnknownWord(one.what, fold(one.word)): means for one, means in (said or {}).items()}}
    for word, means in known.items():
        _check(word, means, protocols, rules)
    more = {what: {one.word: means for one, means in known.items() if one.what == what} for what in _WHAT}
    mapping = mapping.model_copy(
        update={
            "complete": mapping.complete or complete,
            "services": {**mapping.services, **more["service"]},
            "statuses": {**mapping.statuses, **more["status"]},
            "offices": {**mapping.offices, **more["office"]},
            "consents": {**mapping.consents, **more["consent"]},
        }
    )
    return FileReader(name, mapping, protocols, rules, consent)


def remember(session: Session, name: str, said: Meanings, *, now: datetime, by: str) -> None:
    """Keep what somebody said of a file's words, for the next file of this mapping."""
    for word, means in said.items():
        session.merge(MappingWord(mapping=name, what=word.what, word=fold(word.word), means=means, at=now, by=by))


_WHAT: Final = ("service", "status", "office", "consent")


def _words(session: Session, name: str) -> list[MappingWord]:
    return list(session.scalars(select(MappingWord).where(col(MappingWord.mapping) == name)))


def _check(word: UnknownWord, means: str, protocols: Mapping[str, CareProtocol], rules: PlanningRules) -> None:
    known = {
        "service": [*protocols, NO_TEXTS], "status": get_args(Visit), "office": list(rules.offices),
        "consent": ["yes", "no"],
    }[word.what]  # fmt: skip
    if means not in known:
        raise Refused(
            f'the {word.what} "{word.word[:60]}" cannot mean "{means[:40]}"; say one of {", ".join(known)}', word.what
        )
