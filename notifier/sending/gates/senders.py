"""The senders that texts ever left through: a patient answers in an old thread too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_if_new
from notifier.db.tables import Sender


def remember_senders(session: Session, names: Iterable[str | None], *, at: datetime) -> None:
    """Texts leave through these numbers and messaging services from now on."""
    for name in {name for name in names if name}:
        insert_if_new(session, Sender, {"name": name, "since": at})


def senders_ever_used(session: Session) -> list[str]:
    """All of them, the present ones included."""
    return list(session.scalars(select(col(Sender.name)).order_by(col(Sender.since), col(Sender.name))))
