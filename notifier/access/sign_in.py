"""Sign in to the staff page, step by step, and out again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from notifier.access import accounts as staff
from notifier.access import second_factor, sessions
from notifier.access.accounts import Source
from notifier.access.passwords import is_password
from notifier.access.second_factor import SecondFactorRule
from notifier.access.sessions import token_hash
from notifier.db.engine import reading, writing
from notifier.db.tables import SignInStep, Staff
from notifier.domain.key_set import KeySet


@dataclass(frozen=True, slots=True)
class Entry:
    """A sign-in after a right step: a session that is open, or that waits for the next step."""

    token: str
    staff_id: int
    name: str
    waits_for: SignInStep | None


def sign_in(
    engine: Engine,
    name: str,
    password: str,
    source: Source,
    *,
    rule: SecondFactorRule,
    now: datetime,
    before: str | None = None,
) -> Entry | None:
    """A new session, or None: nothing tells an unknown name from a wrong password, not even the time it takes.

    `before`: the token that the browser had until now; its session ends, so that nobody can plant one. If this person
    gave a code in it, no other is asked until that session would have ended.
    """
    with reading(engine) as session:
        account = staff.account_called(session, name)
    works = account is not None and account.active
    right = is_password(password, account.password_hash if account is not None and works else None)
    with writing(engine) as session:
        if account is None or account.id is None or not right:
            # The typed name is not written down: people type passwords into that field.
            who = f"account {account.id}" if account else "an unknown name"
            staff.audit(session, at=now, by="nobody", what="refused", about=f"sign-in as {who}", source=source)
            return None
        proved_at = sessions.proved_at(session, token_hash(before), account.id, now=now) if before else None
        return _enter(session, account, source, before=before, rule=rule, proved_at=proved_at, now=now)


def give_code(
    engine: Engine, token: str, code: str, source: Source, *, keys: KeySet, rule: SecondFactorRule, now: datetime
) -> Entry | None:
    """The step after a right password: a code of the app, or a recovery code. None for a wrong or used one.

    Raises Refused where the clinic's key does not open this person's second factor.
    """
    with reading(engine) as session:
        found = sessions.waiting(session, token_hash(token), SignInStep.CODE, now=now)
        proof = second_factor.prove(session, found[1], code, keys, now) if found else None
    with writing(engine) as session:
        found = sessions.waiting(session, token_hash(token), SignInStep.CODE, now=now)
        if found is None:
            return None
        _, account = found
        assert account.id is not None
        if proof is None or not second_factor.take(session, account, proof, keys, now):
            staff.audit(
                session, at=now, by="nobody", what="refused", about=f"code of account {account.id}", source=source
            )
            return None
        if proof.recovery_code is not None:
            left = second_factor.recovery_codes_left(session, account.id)
            said = f"used a recovery code ({left} left)"
            staff.audit(session, at=now, by=f"staff:{account.name}", what="did", about=said, source=source)
        return _enter(session, account, source, before=token, rule=rule, proved_at=now, now=now)


def set_up(
    engine: Engine, token: str, code: str, source: Source, *, keys: KeySet, rule: SecondFactorRule, now: datetime
) -> tuple[Entry, tuple[str, ...]] | None:
    """The step of whoever must have a second factor: the first code of the new key. The entry and the recovery codes.

    None for a wrong code.
    """
    with reading(engine) as session:
        found = sessions.waiting(session, token_hash(token), SignInStep.SET_UP, now=now)
        is_right = found is not None and second_factor.is_first_code(found[0], code, keys, now)
    new = second_factor.new_recovery_codes() if is_right else None
    with writing(engine) as session:
        found = sessions.waiting(session, token_hash(token), SignInStep.SET_UP, now=now)
        if found is None:
            return None
        opened, account = found
        if new is None or not second_factor.begin_to_use(session, opened, account, code, new, keys=keys, now=now):
            staff.audit(
                session, at=now, by="nobody", what="refused", about=f"first code of account {account.id}", source=source
            )
            return None
        said = f"set up the second factor of account {account.id}"
        staff.audit(session, at=now, by=f"staff:{account.name}", what="did", about=said, source=source)
        entry = _enter(session, account, source, before=token, rule=rule, proved_at=now, now=now)
    return entry, new.codes


def enter_with_own_password(
    session: Session, account: Staff, token: str, source: Source, *, rule: SecondFactorRule, now: datetime
) -> Entry:
    """The step after a made-up password has been replaced; `token` is of the session that waited for it."""
    proved_at = sessions.second_factor_of(session, token_hash(token))
    return _enter(session, account, source, before=token, rule=rule, proved_at=proved_at, now=now)


def _enter(
    session: Session,
    account: Staff,
    source: Source,
    *,
    before: str | None,
    rule: SecondFactorRule,
    proved_at: datetime | None,
    now: datetime,
) -> Entry:
    """Each step has a token of its own, so that one which somebody saw before opens nothing after."""
    assert account.id is not None
    if before is not None:
        sessions.revoke(session, token_hash(before), now=now)
    step = _next_step(account, rule, proved_at)
    token = sessions.open_session(session, account.id, source, now=now, waits_for=step, second_factor_at=proved_at)
    by = f"staff:{account.name}"
    if step is None:
        staff.audit(session, at=now, by=by, what="signed_in", source=source)
    else:
        staff.audit(
            session, at=now, by=by, what="did", about=f"a step of signing in; next: {step.value}", source=source
        )
    return Entry(token, account.id, account.name, step)


def _next_step(account: Staff, rule: SecondFactorRule, proved_at: datetime | None) -> SignInStep | None:
    if proved_at is None and rule is not SecondFactorRule.OFF:
        if account.otp_secret is not None:
            return SignInStep.CODE
        if rule.requires(account.role):
            return SignInStep.SET_UP
    return SignInStep.PASSWORD if account.must_change_password else None


def refuse_code(session: Session, staff_id: int | None, source: Source, now: datetime) -> None:
    """Write down that somebody gave a wrong or used code."""
    staff.audit(session, at=now, by="nobody", what="refused", about=f"code of account {staff_id}", source=source)


def sign_out(engine: Engine, token: str, source: Source, *, now: datetime, by: str) -> None:
    """End the session of this token, if there is one."""
    with writing(engine) as session:
        if sessions.revoke(session, token_hash(token), now=now):
            staff.audit(session, at=now, by=by, what="signed_out", source=source)
