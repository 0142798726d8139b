"""What somebody at the desk looks for, kept on the server, so that its address says nothing and Back finds it again."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_rows
from notifier.db.tables import StoredSearch
from notifier.oversight.patient_list import PatientQuery

_KEPT_FOR: Final = timedelta(hours=12)
"""A working day: nobody goes back to it after that."""


def keep_search(session: Session, staff_id: int, query: PatientQuery, *, now: datetime) -> str:
    """Keep it for this person, and forget what is older than a working day; the token that its address has."""
    session.execute(delete(StoredSearch).where(col(StoredSearch.at) <= now - _KEPT_FOR))
    token = secrets.token_urlsafe(16)
    insert_rows(session, StoredSearch, [{"token": token, "staff_id": staff_id, "at": now, "query": query.to_json()}])
    return token


def kept_search(session: Session, token: str, staff_id: int, *, now: datetime) -> PatientQuery | None:
    """What this person looked for; None where nobody did, or somebody else, or too long ago."""
    found = session.scalar(select(StoredSearch).where(col(StoredSearch.token) == token))
    if found is None or found.staff_id != staff_id or found.at <= now - _KEPT_FOR:
        return None
    return PatientQuery.from_json(found.query)
