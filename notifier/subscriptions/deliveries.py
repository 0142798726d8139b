"""What became of the posts to an endpoint, for people."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import WebhookDelivery


def latest_deliveries(session: Session, endpoint_id: int, *, limit: int) -> list[WebhookDelivery]:
    """The latest first; those that ended a month ago are gone."""
    of_it = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint_id)
    return list(session.scalars(of_it.order_by(col(WebhookDelivery.id).desc()).limit(limit)))


def waiting(session: Session, endpoint_id: int) -> int:
    """How many are still to be delivered."""
    is_open = select(func.count()).where(
        col(WebhookDelivery.endpoint_id) == endpoint_id,
        col(WebhookDelivery.delivered_at).is_(None),
        col(WebhookDelivery.given_up_at).is_(None),
    )
    return session.scalar(is_open) or 0


def state_of(delivery: WebhookDelivery) -> str:
    """In a word: taken, waiting, or given up."""
    if delivery.delivered_at is not None:
        return "taken"
    return "waiting" if delivery.given_up_at is None else "given up"
