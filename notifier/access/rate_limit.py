"""Wrong passwords and wrong keys cost time: so many of one name, so many from one address, and nobody for good.

They are counted in the database, so that several web processes count together, and a restart forgets nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Engine, delete, func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.rows import insert_rows
from notifier.db.tables import Staff, WrongPassword

COUNTED_FOR: Final = timedelta(minutes=15)
_NAME_HERE: Final = 10
"""Passwords for one name from one address, or in one browser that this person has signed in with before."""
_NAME: Final = 50
"""Passwords for one name from anywhere, but for the browsers that this person has signed in with before."""
CODES: Final = 10
"""Codes of one person's second factor from anywhere, but for such browsers: who tries them knows the password."""
OFTEN: Final = 10
"""Wrong ones for one person within a quarter of an hour, of which whoever runs the machine is told."""
_PASSWORDS_HERE: Final = 100
"""Passwords from one address, whatever the name: a clinic's desks may share one."""
_KEYS_HERE: Final = 20
"""API keys of one address that are written down. Keys cannot be guessed, so a right one always opens: one integration
with a stale key must not lock out the others of its building."""
_A_KEY: Final = "api key"
"""Whose a wrong key is: no name's digits."""
_DIGITS: Final = 8


class Tried(StrEnum):
    """What somebody who wants to come in has to know."""

    PASSWORD = "password"  # noqa: S105  # the word, no password
    CODE = "code"


def take_try(
    engine: Engine, address: str, name: str, now: datetime, *, browser: str | None = None, anywhere: int = _NAME
) -> bool:
    """Whether another password may be tried for this name, which then counts as a wrong one until it proved right.

    It is counted before anybody hashes it: of tries that come at once no more are judged than of tries in a row.
    `browser` is the token of one that this person has signed in with before. It has tries of its own, so that nobody
    else can use them up. `anywhere`: how many there are for this name, wherever they come from.
    """
    who, where = _of_name(name), _place(address, browser)
    with reading(engine) as session:
        if not _has_one_left(_wrong(session, now), who, where, browser, anywhere):
            return False
    with writing(engine) as session:
        _lock(session)
        left = _has_one_left(_wrong(session, now), who, where, browser, anywhere)
        if left:
            _note(session, who, where, now)
    return left


def forget_wrong_passwords(engine: Engine, address: str, name: str, *, browser: str | None = None) -> None:
    """Delete the tries of a name at an address or in a browser, after a right one."""
    with writing(engine) as session:
        session.execute(delete(WrongPassword).where(*_these(name, address, browser)))


def code_of(staff_id: int) -> str:
    """Under which name the codes of somebody's second factor are counted."""
    return f"code of account {staff_id}"


def often_tried(session: Session, now: datetime) -> frozenset[Tried]:
    """What was wrong so often for one person within the last quarter of an hour that it is no slip."""
    many = select(col(WrongPassword.who)).where(col(WrongPassword.at) > now - COUNTED_FOR)
    found = set(session.scalars(many.group_by(col(WrongPassword.who)).having(func.count() >= OFTEN)))
    if not found - {_A_KEY}:
        return frozenset()
    people = session.execute(select(col(Staff.id), col(Staff.name)).where(col(Staff.active).is_(True))).all()
    tried = {
        Tried.PASSWORD: {_of_name(name) for _, name in people},
        Tried.CODE: {_of_name(code_of(number)) for number, _ in people if number is not None},
    }
    return frozenset(what for what, whose in tried.items() if found & whose)


def note_wrong_key(engine: Engine, address: str, now: datetime) -> bool:
    """Count one; False where there were too many from this address, and then nothing is written."""
    where = _short(address)
    with reading(engine) as session:
        if _wrong(session, now).count((_A_KEY, where)) >= _KEYS_HERE:
            return False
    with writing(engine) as session:
        _note(session, _A_KEY, where, now)
    return True


def _has_one_left(tried: list[tuple[str, str]], who: str, where: str, browser: str | None, anywhere: int) -> bool:
    passwords = [one for one in tried if one[0] != _A_KEY]
    if passwords.count((who, where)) >= _NAME_HERE:
        return False
    if browser is not None:
        return True
    from_here = sum(one == where for _, one in passwords)
    return sum(one == who for one, _ in passwords) < anywhere and from_here < _PASSWORDS_HERE


def _these(name: str, address: str, browser: str | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    where = _place(address, browser)
    return (col(WrongPassword.who) == _of_name(name), col(WrongPassword.address) == where)


def _place(address: str, browser: str | None) -> str:
    return _short(address if browser is None else f"browser {browser}")


def _lock(session: Session) -> None:
    """Until the commit nobody else counts; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('notifier tries'))"))


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
