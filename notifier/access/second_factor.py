"""The second factor: a code of an authenticator app (TOTP, RFC 6238), or a recovery code, each taken once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.otp_key import decrypted, encrypted, is_of_current_key
from notifier.access.passwords import hash_password, is_password, new_password
from notifier.db.rows import insert_rows
from notifier.db.tables import RecoveryCode, Role, Staff, StaffSession
from notifier.domain.key_set import KeySet

_HALF_MINUTE: Final = 30
"""Seconds for which a code of the app is shown."""
_EITHER_WAY: Final = 1
"""How many half minutes the clock of a phone may be off."""
_RECOVERY_CODES: Final = 10
_PREFIX: Final = 4


class SecondFactorRule(StrEnum):
    """Who must have one. Whoever has set one up is asked for it in any case, but for `off`."""

    ADMINS = "admins"
    ALL = "all"
    OFF = "off"
    """Nobody is asked: for demo and tests, where no text reaches a phone."""

    def requires(self, role: Role) -> bool:
        """Whether somebody of this role must have a second factor."""
        return self is SecondFactorRule.ALL or (self is SecondFactorRule.ADMINS and role is Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Proof:
    """A right code that is not taken yet."""

    step: int | None = None
    """The half minute that the app's code is of; None: it is a recovery code."""
    recovery_code: int | None = None
    """The recovery code's id."""


@dataclass(frozen=True, slots=True)
class NewRecoveryCodes:
    """Made, and not stored yet: they are hashed before a transaction opens, which others would wait for."""

    codes: tuple[str, ...]
    hashes: tuple[str, ...]


def key_address(secret: str, name: str, clinic: str) -> str:
    """What an app reads from the picture: the key, and whose it is."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=clinic))


def in_groups(secret: str) -> str:
    """The key as a person types it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)).lower()


def key_to_set_up(session: Session, opened: StaffSession, keys: KeySet) -> str:
    """The key that is being set up in this browser: the same one until a code of it has been given."""
    if opened.new_otp_secret is None:
        opened.new_otp_secret = encrypted(pyotp.random_base32(), opened.staff_id, keys)
        session.add(opened)
    return decrypted(opened.new_otp_secret, opened.staff_id, keys)


def half_minute_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute that this is the code of; None for a wrong one, and for one that is long over."""
    code = "".join(code.split())
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    this, app = int(now.timestamp()) // _HALF_MINUTE, pyotp.TOTP(secret)
    steps = range(this - _EITHER_WAY, this + _EITHER_WAY + 1)
    right = [step for step in steps if secrets.compare_digest(app.generate_otp(step), code)]
    return right[-1] if right else None


def prove(session: Session, staff: Staff, code: str, keys: KeySet, now: datetime) -> Proof | None:
    """Whether this is a code of this person's app, or a recovery code; it is not taken yet. Hashes the latter.

    Raises Refused for a code of the app where the clinic's key does not open this person's.
    """
    if staff.otp_secret is None or staff.id is None:
        return None
    typed = _plain(code)
    if len(typed) < _PREFIX or typed.isdigit():
        step = half_minute_of(decrypted(staff.otp_secret, staff.id, keys), code, now)
        return None if step is None else Proof(step=step)
    found = session.scalar(
        select(RecoveryCode).where(
            col(RecoveryCode.staff_id) == staff.id,
            col(RecoveryCode.used_at).is_(None),
            col(RecoveryCode.starts_with) == typed[:_PREFIX],
        )
    )
    right = is_password(typed, found.code_hash if found else None)
    return Proof(recovery_code=found.id) if found and right else None


def take(session: Session, staff: Staff, proof: Proof, keys: KeySet, now: datetime) -> bool:
    """Use it up; False where it had been used: of two who send the same code at once only one gets in.

    A key that is stored plain, or encrypted with an older one of the clinic's, is encrypted anew.
    """
    if proof.step is not None:
        newer = or_(col(Staff.otp_step).is_(None), col(Staff.otp_step) < proof.step)
        taken = update(Staff).where(col(Staff.id) == staff.id, newer).values(otp_step=proof.step)
        if session.execute(taken.returning(col(Staff.id))).first() is None:
            return False
        if staff.id and staff.otp_secret and not is_of_current_key(staff.otp_secret, staff.id, keys):
            staff.otp_secret = encrypted(decrypted(staff.otp_secret, staff.id, keys), staff.id, keys)
            session.add(staff)
        return True
    unused = (col(RecoveryCode.id) == proof.recovery_code, col(RecoveryCode.used_at).is_(None))
    used = update(RecoveryCode).where(*unused).values(used_at=now).returning(col(RecoveryCode.id))
    return session.execute(used).first() is not None


def is_first_code(opened: StaffSession, code: str, keys: KeySet, now: datetime) -> bool:
    """Whether this is a code of the key that is being set up in this session."""
    return _first_half_minute(opened, code, keys, now) is not None


def begin_to_use(
    session: Session,
    opened: StaffSession,
    staff: Staff,
    code: str,
    new: NewRecoveryCodes,
    *,
    keys: KeySet,
    now: datetime,
) -> bool:
    """The key that was being set up in this session is this person's from now on; False for a wrong code of it."""
    step = _first_half_minute(opened, code, keys, now)
    if step is None or staff.id is None:
        return False
    staff.otp_secret, staff.otp_since, staff.otp_step = opened.new_otp_secret, now, step
    opened.new_otp_secret, opened.second_factor_at = None, now
    session.add_all((staff, opened))
    keep_recovery_codes(session, staff.id, new)
    return True


def _first_half_minute(opened: StaffSession, code: str, keys: KeySet, now: datetime) -> int | None:
    stored = opened.new_otp_secret
    return half_minute_of(decrypted(stored, opened.staff_id, keys), code, now) if stored else None


def new_recovery_codes() -> NewRecoveryCodes:
    """Ten, each with 79 bits."""
    codes: dict[str, str] = {}
    while len(codes) < _RECOVERY_CODES:  # no two begin alike
        code = new_password()
        codes.setdefault(code[:_PREFIX], code)
    return NewRecoveryCodes(tuple(codes.values()), tuple(hash_password(_plain(one)) for one in codes.values()))


def keep_recovery_codes(session: Session, staff_id: int, new: NewRecoveryCodes) -> None:
    """Store them; the earlier ones open nothing any more."""
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.staff_id) == staff_id))
    pairs = zip(new.codes, new.hashes, strict=True)
    rows = [{"staff_id": staff_id, "starts_with": code[:_PREFIX], "code_hash": hashed} for code, hashed in pairs]
    insert_rows(session, RecoveryCode, rows)


def recovery_codes_left(session: Session, staff_id: int) -> int:
    """How many have not been used."""
    mine = (col(RecoveryCode.staff_id) == staff_id, col(RecoveryCode.used_at).is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*mine)) or 0


def turn_off(session: Session, staff: Staff) -> None:
    """The key and the recovery codes are gone; where a second factor is required, the next sign-in asks for one."""
    staff.otp_secret = staff.otp_since = staff.otp_step = None
    session.add(staff)
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.staff_id) == staff.id))
    mine = col(StaffSession.staff_id) == staff.id
    session.execute(update(StaffSession).where(mine).values(second_factor_at=None, new_otp_secret=None))


def _plain(code: str) -> str:
    return "".join(one for one in code.casefold() if one.isalnum())
