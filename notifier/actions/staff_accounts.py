"""Accounts of people at the desk: add one, set its password, let it go, end its sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db import staff
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import Role, Staff
from notifier.domain.passwords import check_password, hash_password
from notifier.domain.refused import Refused

_LONGEST_NAME = 60


def add_staff(
    session: Session, clinic_id: str, name: str, password: str, *, admin: bool = False, now: datetime, by: str
) -> int:
    """A new account; its id. Raises Refused for a name that is taken and for a password that is too weak."""
    name = _checked_name(name)
    hashed = _hashed(password)
    if staff.account_called(session, clinic_id, name) is not None:
        raise Refused(f'"{name}" has an account already; to set its password: notifier staff password {name}', "name")
    row = {
        "clinic_id": clinic_id,
        "name": name,
        "folded_name": staff.fold(name),
        "password_hash": hashed,
        "role": Role.ADMIN if admin else Role.STAFF,
        "active": True,
        "created_at": now,
        "created_by": by,
    }
    (staff_id,) = insert_rows_for_ids(session, Staff, [row])
    _note(session, clinic_id, f"added {row['role']} account {staff_id}", now=now, by=by)
    return staff_id


def set_password(session: Session, clinic_id: str, name: str, password: str, *, now: datetime, by: str) -> int:
    """Another password, and the account works again; its sessions end: how many there were."""
    account = _the_account(session, clinic_id, name)
    account.password_hash, account.active = _hashed(password), True
    session.add(account)
    _note(session, clinic_id, f"set the password of account {account.id}", now=now, by=by)
    return staff.revoke_all(session, account.id or 0, now=now)


def deactivate(session: Session, clinic_id: str, name: str, *, now: datetime, by: str) -> int:
    """Somebody has left: the account stops working at once; how many sessions ended."""
    account = _the_account(session, clinic_id, name)
    account.active = False
    session.add(account)
    _note(session, clinic_id, f"deactivated account {account.id}", now=now, by=by)
    return staff.revoke_all(session, account.id or 0, now=now)


def revoke_sessions(session: Session, clinic_id: str, name: str, *, now: datetime, by: str) -> int:
    """Sign somebody out everywhere, such as after a tablet was lost; how many sessions ended."""
    account = _the_account(session, clinic_id, name)
    _note(session, clinic_id, f"ended the sessions of account {account.id}", now=now, by=by)
    return staff.revoke_all(session, account.id or 0, now=now)


def _the_account(session: Session, clinic_id: str, name: str) -> Staff:
    account = staff.account_called(session, clinic_id, name)
    if account is None:
        known = ", ".join(one.name for one in staff.accounts(session, clinic_id)) or "nobody"
        raise Refused(f'there is no account "{name[:60]}"; accounts are: {known}', "name")
    return account


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise Refused("the name is empty; write the name that this person signs in with", "name")
    if len(name) > _LONGEST_NAME:
        raise Refused(f"the name is {len(name)} characters long; write at most {_LONGEST_NAME}", "name")
    return name


def _hashed(password: str) -> str:
    try:
        return hash_password(check_password(password))
    except ValueError as why:
        raise Refused(str(why), "password") from None


def _note(session: Session, clinic_id: str, about: str, *, now: datetime, by: str) -> None:
    staff.audit(session, clinic_id, at=now, by=by, what="did", about=about)
