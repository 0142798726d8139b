"""Saved answers: an admin writes them, a clinician stands behind the words, and what is no longer of use is retired."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.rows import insert_rows_for_ids
from notifier.db.saved_answers import WordingStanding, saved_answers
from notifier.db.tables import SavedAnswer, SavedWording
from notifier.domain.refused import RefusalCode, Refused
from schedules.languages.registry import languages
from schedules.placeholders import PLACEHOLDER, wrong_placeholders
from schedules.protocol import CareProtocol

LONGEST_WORDS: Final = 640
_LONGEST_TITLE: Final = 60


def write_saved_answer(
    session: Session,
    title: str,
    language: str,
    words: str,
    *,
    protocols: Mapping[str, CareProtocol],
    now: datetime,
    by: str,
) -> bool:
    """Write an answer's words in one language; False where they were these already. Raises Refused with a sentence.

    A title that there is gets other words, which wait for a clinician; meanwhile those approved last go on.
    """
    title, words = _checked_title(title), _checked_words(words, _topics(protocols))
    if language not in _codes():
        raise Refused(f'there is no language "{language[:8]}"; say one of {", ".join(_codes())}', "language")
    found = session.scalar(select(SavedAnswer).where(col(SavedAnswer.folded_title) == title.casefold()))
    was_retired = found is not None and found.retired_at is not None
    if found is None:
        row = {"title": title, "folded_title": title.casefold(), "at": now, "by": by}
        (answer,) = insert_rows_for_ids(session, SavedAnswer, [row])
    else:
        answer = found.id or 0
        found.retired_at = found.retired_by = None
        session.flush()
    known = next((one for one in saved_answers(session) if one.answer.id == answer), None)
    if known and language in known.wordings and known.wordings[language].written.words == words:
        return was_retired
    wording = {"answer_id": answer, "language": language, "words": words, "at": now, "by": by}
    insert_rows_for_ids(session, SavedWording, [wording])
    record_event(session, at=now, by=by, what="saved_answer", why=f"wrote answer {answer} in {language}")
    return True


def approve_saved_answer(
    session: Session, answer: int, language: str, *, wording: int | None = None, now: datetime, by: str
) -> bool:
    """A clinician stands behind the last words in this language; False where they were approved already.

    `wording`: the edit that was read; a later one refuses.
    """
    by = by.strip()[:120]
    if not by:
        raise Refused("say who approves it", "by", code=RefusalCode.APPROVER_MISSING)
    standing = _the_answer(session, answer).get(language)
    if standing is None:
        raise Refused(f'this answer has no words in "{language[:8]}"', "language")
    if wording is not None and wording != standing.written.id:
        raise Refused("this answer has changed since you read it; read it again, then approve")
    if not standing.waits:
        return False
    standing.written.approved_at, standing.written.approved_by = now, by
    session.flush()
    record_event(session, at=now, by=by, what="answer_approved", why=f"saved answer {answer} in {language}")
    return True


def retire_saved_answer(session: Session, answer: int, *, now: datetime, by: str) -> None:
    """It is not offered any more; written again under its title, it is back."""
    _the_answer(session, answer)
    found = session.get_one(SavedAnswer, answer)
    found.retired_at, found.retired_by = now, by
    session.flush()
    record_event(session, at=now, by=by, what="saved_answer", why=f"retired answer {answer}")


def _the_answer(session: Session, answer: int) -> Mapping[str, WordingStanding]:
    found = next((one for one in saved_answers(session) if one.answer.id == answer), None)
    if found is None:
        raise Refused(f"there is no saved answer {answer}")
    return found.wordings


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or not title.isprintable():
        raise Refused('the title is empty; write what staff call the answer, such as "Is redness normal?"', "title")
    if len(title) > _LONGEST_TITLE:
        raise Refused(f"the title is {len(title)} characters long; write at most {_LONGEST_TITLE}", "title")
    return title


def _checked_words(words: str, topics: Mapping[str, bool]) -> str:
    words = words.replace("\r\n", "\n").strip()
    if not words:
        raise Refused("the answer is empty; write what the patient shall read", "words")
    if len(words) > LONGEST_WORDS:
        raise Refused(f"the answer is {len(words)} characters long; write at most {LONGEST_WORDS}", "words")
    for at, wrong in wrong_placeholders(words, topics, before_visit=True, in_answer=True):
        raise Refused(f"at character {at}: {wrong}", "words")
    if any(brace in PLACEHOLDER.sub("", words) for brace in "{}"):
        raise Refused("there is a brace that belongs to no placeholder; a placeholder is {clinic}", "words")
    return words


def _topics(protocols: Mapping[str, CareProtocol]) -> dict[str, bool]:
    """What any protocol restricts, and whether it has a length in any that a text may print."""
    topics: dict[str, bool] = {}
    for protocol in protocols.values():
        for topic, one in protocol.restrictions.items():
            topics[topic] = topics.get(topic, False) or one.length is not None
    return topics


def _codes() -> list[str]:
    return [one.code for one in languages()]
