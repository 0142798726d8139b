"""What an admin may manage: who sees some offices alone manages the accounts and keys of those, and grants no other."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.orm import Session

from notifier.access import accounts, api_keys
from notifier.db.tables import ApiKey, Staff
from notifier.db.visibility import Yours
from notifier.domain.offices import Offices, choose_office, choose_offices


def managed_accounts(session: Session, yours: Yours) -> list[Staff]:
    """By name. An account that sees all offices, or another one too, is not theirs."""
    return [one for one in accounts.accounts(session) if _within(one.offices, yours)]


def managed_account(session: Session, number: int, yours: Yours) -> Staff | None:
    """The account, or None: an account that is not theirs is as missing."""
    found = session.get(Staff, number)
    return found if found is not None and _within(found.offices, yours) else None


def managed_keys(session: Session, yours: Yours) -> list[ApiKey]:
    """The oldest first, the revoked ones too."""
    return [one for one in api_keys.all_keys(session) if _within(_office_of(one), yours)]


def managed_key(session: Session, number: int, yours: Yours) -> ApiKey | None:
    """The key, or None: a key that is not theirs is as missing."""
    found = session.get(ApiKey, number)
    return found if found is not None and _within(_office_of(found), yours) else None


def granted_offices(words: Iterable[str], offices: Offices, yours: Yours) -> list[str]:
    """What an account is given; none said: all that the giver sees. Empty is all there are. Raises Refused."""
    return choose_offices(words, offices, yours) or sorted(yours or ())


def granted_office(word: str, offices: Offices, yours: Yours) -> str | None:
    """The one that a key is given; None is all there are, which only who sees all may give. Raises Refused."""
    return None if yours is None and not word else choose_office(word, offices, yours)


def _within(offices: Collection[str] | None, yours: Yours) -> bool:
    return yours is None or (bool(offices) and set(offices or ()) <= set(yours))


def _office_of(key: ApiKey) -> list[str] | None:
    return None if key.office is None else [key.office]
