"""Sign in to the staff page, and out again."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Engine

from notifier.access import accounts as staff
from notifier.access.passwords import is_password
from notifier.db.engine import reading, writing


def sign_in(engine: Engine, name: str, password: str, *, now: datetime, before: str | None = None) -> str | None:
    """A new session's token, or None: nothing tells an unknown name from a wrong password, not even the time it takes.

    `before`: the token that the browser had until now; its session ends, so that nobody can plant one.
    """
    with reading(engine) as session:
        account = staff.account_called(session, name)
    works = account is not None and account.active
    right = is_password(password, account.password_hash if account is not None and works else None)
    token = secrets.token_urlsafe(32)
    with writing(engine) as session:
        if account is None or account.id is None or not right:
            # The typed name is not written down: people type passwords into that field.
            who = f"account {account.id}" if account else "an unknown name"
            staff.audit(session, at=now, by="nobody", what="refused", about=f"sign-in as {who}")
            return None
        if before is not None:
            staff.revoke(session, token_hash(before), now=now)
        staff.open_session(session, account.id, token_hash(token), now=now)
        staff.audit(session, at=now, by=f"staff:{account.name}", what="signed_in")
    return token


def sign_out(engine: Engine, token: str, *, now: datetime, by: str) -> None:
    """End the session of this token, if there is one."""
    with writing(engine) as session:
        if staff.revoke(session, token_hash(token), now=now):
            staff.audit(session, at=now, by=by, what="signed_out")


def token_hash(token: str) -> str:
    """The SHA-256 of a token, in hex: the database stores only this, so a backup gives no access."""
    return hashlib.sha256(token.encode()).hexdigest()
