"""Where planned texts go: what the doctor asks Twilio's geo permissions for."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlmodel import Session, col

from notifier.db import schema
from notifier.db.engine import open_engine, reading
from notifier.db.errors import DatabaseFailure
from notifier.db.outbox import in_state
from notifier.db.tables import Message
from notifier.domain.phone import country_of, region_of
from notifier.domain.states import MessageState

_AREA_CODE_AND_EXCHANGE = 8
"""Characters of +1NXXNXX: they decide the region."""


def planned_regions(session: Session) -> dict[str, str]:
    """The regions that planned texts go to: ISO code, and the name as it stands in a sentence."""
    beginning = func.substr(col(Message.phone), 1, _AREA_CODE_AND_EXCHANGE)
    numbers = session.scalars(select(beginning).where(in_state(MessageState.PLANNED)).distinct())
    found = {region_of(number): country_of(number) for number in numbers}
    return {region: place for region, place in sorted(found.items(), key=str) if region and place}


def regions_in(address: str) -> dict[str, str]:
    """The same of the database at this address, without changing it; none where it cannot be read."""
    try:
        engine = open_engine(address)
    except DatabaseFailure:  # check_database says what is wrong with it
        return {}
    try:
        schema.check_schema(engine)
        with reading(engine) as session:
            return planned_regions(session)
    except DatabaseFailure:
        return {}
    finally:
        engine.dispose()
