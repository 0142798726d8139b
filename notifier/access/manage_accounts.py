"""Accounts of people at the desk: add one, set its password, let it go, end its sessions.

`by`, `source`: who does it and from where, for the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.access import accounts as staff
from notifier.access import second_factor, sessions
from notifier.access.accounts import Source
from notifier.access.known_browsers import forget_browsers
from notifier.access.password_rules import check_password
from notifier.access.passwords import hash_password, is_password
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import Role, Staff
from notifier.domain.refused import RefusalCode, Refused

_LONGEST_NAME = 60
_LANGUAGE = re.compile(r"[a-z]{2}")


def add_staff(
    session: Session,
    name: str,
    password: str,
    *,
    admin: bool = False,
    offices: Sequence[str] = (),
    words: Collection[str] = (),
    made_up: bool = False,
    now: datetime,
    by: str,
    source: Source | None = None,
) -> int:
    """A new account; its id. Raises Refused for a name that is taken and for a password that is too weak.

    `offices`: whose patients this person sees; none given: all. `words`: the clinic's own, which are no password.
    `made_up`: the password is the program's, and the first sign-in asks for another one.
    """
    name = _checked_name(name)
    hashed = _hashed(password, (*words, name))
    if staff.account_called(session, name) is not None:
        raise Refused(f'"{name}" has an account already', "name", code=RefusalCode.ACCOUNT_EXISTS, name=name)
    row = {
        "name": name,
        "folded_name": staff.fold(name),
        "password_hash": hashed,
        "role": Role.ADMIN if admin else Role.STAFF,
        "active": True,
        "offices": list(offices) or None,
        "must_change_password": made_up,
        "created_at": now,
        "created_by": by,
    }
    (staff_id,) = insert_rows_for_ids(session, Staff, [row])
    _note(session, f"added {row['role']} account {staff_id}", now=now, by=by, source=source)
    return staff_id


def set_offices(
    session: Session, name: str, offices: Sequence[str], *, now: datetime, by: str, source: Source | None = None
) -> None:
    """Whose patients somebody sees, from the next page on; none given: all. Raises Refused for the last admin."""
    account = _the_account(session, name)
    if offices and account.offices is None:
        refuse_last_admin(session, account)
    account.offices = list(offices) or None
    session.add(account)
    _note(session, f"account {account.id} sees {', '.join(offices) or 'all offices'}", now=now, by=by, source=source)


def set_languages(
    session: Session, name: str, languages: Sequence[str], *, now: datetime, by: str, source: Source | None = None
) -> None:
    """Which languages somebody reads, by code; none given: nobody has said. Raises Refused for an unknown one."""
    account = _the_account(session, name)
    for code in languages:
        if not _LANGUAGE.fullmatch(code):
            raise Refused(f'"{code[:20]}" is no code of a language; write en, es or another two letters', "languages")
    account.languages = sorted(set(languages)) or None
    session.add(account)
    _note(
        session,
        f"account {account.id} reads {', '.join(languages) or 'what nobody has said'}",
        now=now,
        by=by,
        source=source,
    )


def set_password(
    session: Session,
    name: str,
    password: str,
    *,
    words: Collection[str] = (),
    made_up: bool = False,
    now: datetime,
    by: str,
    source: Source | None = None,
) -> int:
    """Another password, and the account works again; its sessions end: how many there were.

    Raises Refused for one that is too weak, and for the one that it was. `words`, `made_up`: as for a new account.
    """
    account = _the_account(session, name)
    hashed = _hashed(password, (*words, account.name))
    if is_password(password, account.password_hash):
        raise Refused("the new password is the old one; choose another one", "password")
    account.password_hash, account.active, account.must_change_password = hashed, True, made_up
    session.add(account)
    _note(session, f"set the password of account {account.id}", now=now, by=by, source=source)
    forget_browsers(session, account.id or 0)
    return sessions.revoke_all(session, account.id or 0, now=now)


def reset_second_factor(session: Session, name: str, *, now: datetime, by: str, source: Source | None = None) -> int:
    """A phone is lost: the key and the recovery codes are gone, and every session ends; how many there were.

    Where a second factor is required, the next sign-in asks to set one up. Raises Refused where there is none.
    """
    account = _the_account(session, name)
    if account.otp_secret is None:
        raise Refused(f"{account.name} has no second factor; there is nothing to reset", "name")
    second_factor.turn_off(session, account)
    _note(session, f"reset the second factor of account {account.id}", now=now, by=by, source=source)
    forget_browsers(session, account.id or 0)
    return sessions.revoke_all(session, account.id or 0, now=now)


def deactivate(session: Session, name: str, *, now: datetime, by: str, source: Source | None = None) -> int:
    """Somebody has left: the account stops working at once; how many sessions ended."""
    account = _the_account(session, name)
    account.active = False
    session.add(account)
    _note(session, f"deactivated account {account.id}", now=now, by=by, source=source)
    forget_browsers(session, account.id or 0)
    return sessions.revoke_all(session, account.id or 0, now=now)


def activate(session: Session, name: str, *, now: datetime, by: str, source: Source | None = None) -> None:
    """The account works again, with the password that it had."""
    account = _the_account(session, name)
    account.active = True
    session.add(account)
    _note(session, f"activated account {account.id}", now=now, by=by, source=source)


def set_role(session: Session, name: str, role: Role, *, now: datetime, by: str, source: Source | None = None) -> None:
    """What this person may do from now on; a new admin signs in anew. Raises Refused for the last admin."""
    account = _the_account(session, name)
    if role is not Role.ADMIN:
        refuse_last_admin(session, account)
    elif account.role is not role:  # an admin must have a second factor, which the next sign-in asks for
        sessions.revoke_all(session, account.id or 0, now=now)
    account.role = role
    session.add(account)
    _note(session, f"made account {account.id} {role}", now=now, by=by, source=source)


def refuse_last_admin(session: Session, account: Staff) -> None:
    """Refuse to take away the only admin who can sign in: nobody could give the page one again."""
    admins = [one for one in staff.accounts(session) if one.active and one.role is Role.ADMIN]
    whole = [one.id for one in admins if one.offices is None] or [one.id for one in admins]
    if whole == [account.id]:
        sees_all = " who sees all offices" if len(admins) > 1 else ""
        raise Refused(f"{account.name} is the only admin{sees_all}; make somebody else one first")


def revoke_sessions(session: Session, name: str, *, now: datetime, by: str, source: Source | None = None) -> int:
    """Sign somebody out everywhere, such as after a tablet was lost; how many sessions ended."""
    account = _the_account(session, name)
    _note(session, f"ended the sessions of account {account.id}", now=now, by=by, source=source)
    return sessions.revoke_all(session, account.id or 0, now=now)


def _the_account(session: Session, name: str) -> Staff:
    account = staff.account_called(session, name)
    if account is None:
        known = ", ".join(one.name for one in staff.accounts(session)) or "nobody"
        raise Refused(f'there is no account "{name[:60]}"; accounts are: {known}', "name")
    return account


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise Refused("the name is empty; write the name that this person signs in with", "name")
    if len(name) > _LONGEST_NAME:
        raise Refused(f"the name is {len(name)} characters long; write at most {_LONGEST_NAME}", "name")
    return name


def _hashed(password: str, words: Collection[str]) -> str:
    try:
        return hash_password(check_password(password, words))
    except ValueError as why:
        raise Refused(str(why), "password") from None


def _note(session: Session, about: str, *, now: datetime, by: str, source: Source | None) -> None:
    staff.audit(session, at=now, by=by, what="did", about=about, source=source)
