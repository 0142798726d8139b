"""Wrong passwords cost time: so many from one address, so many for one name. Nobody is locked out for good.

They are counted in the database, so that several web processes count together, and a restart forgets nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from notifier.access.failed_logins import forget_wrong, note_wrong, wrong_since
from notifier.db.engine import reading, writing

_HERE: Final = 10
"""For one name from one address, in 15 minutes."""
_NAME: Final = 50
"""For one name from anywhere."""
_ADDRESS: Final = 100
"""From one address, whatever the name: a clinic's desks may share one."""
_DIGITS: Final = 8


def allows(engine: Engine, address: str, name: str, now: datetime) -> bool:
    """Whether another password may be tried."""
    who, where = _short(" ".join(name.split()).casefold()), _short(address)
    with reading(engine) as session:
        wrong = wrong_since(session, now)
    return (
        wrong.count((who, where)) < _HERE
        and sum(one == who for one, _ in wrong) < _NAME
        and sum(one == where for _, one in wrong) < _ADDRESS
    )


def wrong(engine: Engine, address: str, name: str, now: datetime) -> None:
    """Count a wrong one."""
    with writing(engine) as session:
        note_wrong(session, who=_short(" ".join(name.split()).casefold()), address=_short(address), now=now)


def right(engine: Engine, address: str, name: str) -> None:
    """Whoever knows the password starts anew here."""
    with writing(engine) as session:
        forget_wrong(session, who=_short(" ".join(name.split()).casefold()), address=_short(address))


def _short(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]
