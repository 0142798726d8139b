"""Say at the start which patients' time zones this machine does not know: their texts wait, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Enrollment
from notifier.domain.instants import zone_called
from notifier.domain.states import RUNNING

_NAMED: Final = 20
log = structlog.get_logger()


async def name_unknown_zones(engine: Engine) -> None:
    """One line in the log for each zone. It reads every running enrollment, so it is asked beside the worker's work."""
    try:
        found = await asyncio.to_thread(_look, engine)
    except OperationalError as error:  # the database is away, which the turn says too; each text says its zone anyway
        log.info("time_zones_not_checked", why=type(error).__name__)
        return
    for zone, enrollments in found.items():
        log.error(
            "unknown_time_zone", alert=True, zone=zone, enrollments=enrollments,
            why="their texts wait; install tzdata, or give them another zone: notifier change ID --timezone ZONE",
        )  # fmt: skip


def unknown_zones(session: Session) -> Mapping[str, list[int]]:
    """By zone, the first of the running enrollments that have it."""
    running = (col(Enrollment.state).in_(RUNNING),)
    zones = session.scalars(select(col(Enrollment.timezone)).where(*running).distinct()).all()
    found: dict[str, list[int]] = {}
    for zone in sorted(zones):
        try:
            zone_called(zone)
        except ValueError:
            these = select(col(Enrollment.id)).where(*running, col(Enrollment.timezone) == zone)
            found[zone] = [one or 0 for one in session.scalars(these.order_by(col(Enrollment.id)).limit(_NAMED))]
    return found


def _look(engine: Engine) -> Mapping[str, list[int]]:
    with reading(engine) as session:
        return unknown_zones(session)
