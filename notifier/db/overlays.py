"""A clinic's own words over its protocols: the drafts, and what was published last."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import OverlayDraft, OverlayVersion


def newest_overlay(session: Session) -> int:
    """Another number as soon as anything is published; 0 where nothing was."""
    return session.connection().execute(_NEWEST).scalar() or 0


def published_overlays(session: Session) -> dict[str, str]:
    """By protocol: what was published last, as TOML."""
    last = select(func.max(col(OverlayVersion.id))).group_by(col(OverlayVersion.protocol))
    found = select(OverlayVersion).where(col(OverlayVersion.id).in_(last)).order_by(col(OverlayVersion.protocol))
    return {one.protocol: one.toml for one in session.scalars(found)}


def overlay_versions(session: Session, protocol: str) -> list[OverlayVersion]:
    """What was published over this protocol, the newest first."""
    found = select(OverlayVersion).where(col(OverlayVersion.protocol) == protocol)
    return list(session.scalars(found.order_by(col(OverlayVersion.id).desc())))


def overlay_draft(session: Session, protocol: str) -> OverlayDraft | None:
    """What is being written over this protocol; None where nobody writes."""
    return session.get(OverlayDraft, protocol)


_NEWEST = select(func.max(col(OverlayVersion.id)))
