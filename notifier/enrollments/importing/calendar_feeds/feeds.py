"""The calendars that are polled: added, listed, taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access import accounts
from notifier.access.accounts import Source
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import CalendarFeed
from notifier.domain.refused import Refused
from notifier.domain.web_address import check_web_address
from notifier.enrollments.importing.mappings.registry import find_mapping

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def add_feed(
    session: Session,
    name: str,
    url: str,
    *,
    mapping: str,
    own_mappings: Mapping[str, str],
    consent: str = "",
    allow_private: bool = False,
    now: datetime,
    by: str,
    source: Source | None = None,
) -> None:
    """A calendar that is polled from now on. Raises Refused."""
    if not _NAME.fullmatch(name):
        raise Refused(f'"{name[:40]}" is no name for a feed; use lower-case letters, digits and -', "name")
    if any(one.name == name for one in feeds(session)):
        raise Refused(f"there is a feed {name} already; remove it first, or take another name", "name")
    find_mapping(mapping, own_mappings)
    row = {
        "name": name, "url": _checked(url.strip(), allow_private), "mapping": mapping, "consent": consent.strip()[:200],
        "allow_private": allow_private, "created_at": now, "created_by": by,
    }  # fmt: skip
    insert_rows_for_ids(session, CalendarFeed, [row])
    accounts.audit(session, at=now, by=by, what="did", about=f"added calendar feed {name}", source=source)


def feeds(session: Session) -> list[CalendarFeed]:
    """Those that are polled, the oldest first."""
    working = select(CalendarFeed).where(col(CalendarFeed.ended_at).is_(None))
    return list(session.scalars(working.order_by(col(CalendarFeed.id))))


def remove_feed(session: Session, name: str, *, now: datetime, by: str, source: Source | None = None) -> None:
    """It is polled no more. Raises Refused where there is none."""
    found = next((one for one in feeds(session) if one.name == name), None)
    if found is None:
        raise Refused(f'there is no feed "{name[:40]}"; look at the list of feeds', "name")
    found.ended_at, found.ended_by = now, by
    accounts.audit(session, at=now, by=by, what="did", about=f"removed calendar feed {name}", source=source)


def failed_feeds(session: Session) -> Sequence[tuple[int, str]]:
    """Feeds whose last look failed: the number and the name of each."""
    return [(one.id or 0, one.name) for one in feeds(session) if one.why]


def _checked(url: str, allow_private: bool) -> str:
    return check_web_address(
        re.sub("^webcals?://", "https://", url), example="https://example.org/visits.ics",
        http="a private network, where it is allowed", may_use_http=lambda _host: allow_private,
    )  # fmt: skip
