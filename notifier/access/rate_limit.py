"""Wrong passwords and wrong keys cost time: so many of one name, so many from one address, and nobody for good.

They are counted in the database, so that several web processes count together, and a restart forgets nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.rows import insert_rows
from notifier.db.tables import WrongPassword

COUNTED_FOR: Final = timedelta(minutes=15)
_NAME_HERE: Final = 10
"""Passwords for one name from one address."""
_NAME: Final = 50
"""Passwords for one name from anywhere."""
_PASSWORDS_HERE: Final = 100
"""Passwords from one address, whatever the name: a clinic's desks may share one."""
_KEYS_HERE: Final = 20
"""API keys from one address. Keys cannot be guessed, so a right one always opens: one integration with a stale key must
not lock out the others of its building."""
_A_KEY: Final = "api key"
"""Whose a wrong key is: no name's digits."""
_DIGITS: Final = 8


def may_try(engine: Engine, address: str, name: str, now: datetime) -> bool:
    """Whether another password may be tried for this name from this address."""
    who, where = _of_name(name), _short(address)
    with reading(engine) as session:
        wrong = [one for one in _wrong(session, now) if one[0] != _A_KEY]
    return (
        wrong.count((who, where)) < _NAME_HERE
        and sum(one == who for one, _ in wrong) < _NAME
        and sum(one == where for _, one in wrong) < _PASSWORDS_HERE
    )


def note_wrong_password(engine: Engine, address: str, name: str, now: datetime) -> None:
    """Store a wrong password for this name and address."""
    with writing(engine) as session:
        _note(session, _of_name(name), _short(address), now)


def forget_wrong_passwords(engine: Engine, address: str, name: str) -> None:
    """Delete the wrong passwords of a name at an address, after a right one."""
    these = (col(WrongPassword.who) == _of_name(name), col(WrongPassword.address) == _short(address))
    with writing(engine) as session:
        session.execute(delete(WrongPassword).where(*these))


def note_wrong_key(engine: Engine, address: str, now: datetime) -> bool:
    """Count one; False where there were too many from this address, and then nothing is written."""
    where = _short(address)
    with reading(engine) as session:
        if _wrong(session, now).count((_A_KEY, where)) >= _KEYS_HERE:
            return False
    with writing(engine) as session:
        _note(session, _A_KEY, where, now)
    return True


def _wrong(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Every wrong one that counts: whose, and from where."""
    found = select(col(WrongPassword.who), col(WrongPassword.address))
    return [(who, where) for who, where in session.execute(found.where(col(WrongPassword.at) > now - COUNTED_FOR))]


def _note(session: Session, who: str, where: str, now: datetime) -> None:
    """One more; those that no longer count are let go."""
    session.execute(delete(WrongPassword).where(col(WrongPassword.at) <= now - COUNTED_FOR))
    insert_rows(session, WrongPassword, [{"at": now, "who": who, "address": where}])


def _of_name(name: str) -> str:
    return _short(" ".join(name.split()).casefold())


def _short(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]
