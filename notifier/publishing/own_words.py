"""The clinic's own words over a protocol: written as a draft, published with its effect seen, or discarded."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.overlays import overlay_draft
from notifier.db.protocols import store_version
from notifier.db.rows import insert_if_new, insert_rows
from notifier.db.tables import OverlayDraft, OverlayVersion
from notifier.domain.refused import Refused
from notifier.publishing.approve import approve
from schedules.catalogue import ProtocolError
from schedules.overlay import overlay_table, read_overlay
from schedules.protocol import CareProtocol

LONGEST: Final = 60_000
"""Characters of an overlay's TOML. The longest protocol that ships has fifteen thousand."""


class SavedMeanwhile(Refused):
    """Somebody else has saved the draft, or discarded or published it, since it was opened."""


def save_draft(session: Session, base: CareProtocol, toml: str, *, seen: int, now: datetime, by: str) -> int:
    """Keep what is being written over `base`; which edit of the draft it is.

    `seen`: the edit that was opened; 0 where there was none. Raises SavedMeanwhile for a later one, and Refused for
    what is no TOML. What else is wrong with it stands in the way of publishing alone.
    """
    if len(toml) > LONGEST:
        raise Refused(f"that is {len(toml):,} characters long; write at most {LONGEST:,}", "toml")
    try:
        based_on = overlay_table(base.id, toml).get("based_on")
    except ProtocolError as why:
        raise Refused(str(why), "toml") from None
    # A draft begun anew is never taken for one that was discarded.
    edit = (seen or int(now.timestamp())) + 1
    row = {"toml": toml, "based_on": str(based_on or base.version)[:12], "edit": edit, "at": now, "by": by}
    if not (_change(session, base.id, seen, row) if seen else _begin(session, base.id, row)):
        raise SavedMeanwhile(_who_was_here(session, base.id))
    store_version(session, base, now)  # so that it can be said later what its next version changes
    record_event(session, at=now, by=by, what="overlay_saved", why=base.id)
    return edit


def _begin(session: Session, protocol: str, row: dict[str, object]) -> bool:
    return insert_if_new(session, OverlayDraft, {"protocol": protocol, **row})


def _change(session: Session, protocol: str, seen: int, row: dict[str, object]) -> bool:
    mine = update(OverlayDraft).where(col(OverlayDraft.protocol) == protocol, col(OverlayDraft.edit) == seen)
    return session.execute(mine.values(row).returning(col(OverlayDraft.edit))).first() is not None


def _who_was_here(session: Session, protocol: str) -> str:
    draft = overlay_draft(session, protocol)
    if draft is None:
        return "somebody has published or discarded this draft since you opened it"
    return f"{draft.by.partition(':')[2] or draft.by} has saved this draft since you opened it"


def discard_draft(session: Session, protocol: str, *, seen: int, now: datetime, by: str) -> None:
    """Throw the draft away; what was published stays. Raises SavedMeanwhile."""
    mine = delete(OverlayDraft).where(col(OverlayDraft.protocol) == protocol, col(OverlayDraft.edit) == seen)
    if session.execute(mine.returning(col(OverlayDraft.edit))).first() is None:
        raise SavedMeanwhile(_who_was_here(session, protocol))
    record_event(session, at=now, by=by, what="overlay_discarded", why=protocol)


def publish_draft(
    session: Session,
    base: CareProtocol,
    *,
    seen: int,
    languages: list[str],
    clinician: str,
    must_be_approved: bool,
    now: datetime,
    by: str,
) -> CareProtocol:
    """The draft holds from now on, with a clinician behind its words in these languages; what it comes to.

    In the others what was approved last goes on. Raises Refused: where nobody stands behind it and somebody must, and
    where it does not fit its base. Raises SavedMeanwhile.
    """
    draft = overlay_draft(session, base.id)
    if draft is None or draft.edit != seen:
        raise SavedMeanwhile(_who_was_here(session, base.id))
    try:
        words = read_overlay(base, draft.toml)
    except ProtocolError as why:
        raise Refused(f"these words cannot be published: {str(why).splitlines()[0]}") from None
    if must_be_approved and not languages:
        raise Refused("say in which languages a clinician stands behind these words", "languages")
    for language in languages:
        approve(session, words, by=clinician, now=now, language=language)
    store_version(session, base, now)
    row = {"protocol": base.id, "toml": draft.toml, "based_on": draft.based_on, "version": words.version}
    insert_rows(session, OverlayVersion, [{**row, "at": now, "by": by}])
    session.execute(delete(OverlayDraft).where(col(OverlayDraft.protocol) == base.id))
    record_event(session, at=now, by=by, what="overlay_published", why=f"{base.id} {words.version}")
    return words
