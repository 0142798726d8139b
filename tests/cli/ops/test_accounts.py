"""`notifier staff …`: accounts, and a password that is shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from notifier.access.accounts import account_called
from notifier.access.passwords import is_password
from notifier.db.engine import open_engine, reading, writing


def test_without_a_terminal_the_password_is_made_up_and_printed_once(clinic: Callable[..., Any]) -> None:
    added = clinic("staff", "add", "Dana", "--admin")
    engine = open_engine("sqlite:///notifier.db")
    with reading(engine) as session:
        account = account_called(session, "dana")
    engine.dispose()
    assert account is not None
    assert ("Dana", "admin") == (account.name, account.role.value)
    assert is_password(added.out.strip(), account.password_hash)
    assert added.out.strip() not in added.err


def test_a_name_that_is_taken_is_refused_and_says_what_to_do(clinic: Callable[..., Any]) -> None:
    clinic("staff", "add", "Dana")
    again = clinic("staff", "add", "DANA")
    assert (2, "") == (again.code, again.out)
    assert "has an account already; to set its password: notifier staff password DANA" in again.err


def test_the_list_says_who_works_here(clinic: Callable[..., Any]) -> None:
    clinic("staff", "add", "Eve")
    clinic("staff", "add", "Dana", "--admin")
    clinic("staff", "deactivate", "eve")
    listed = [(one["name"], one["role"], one["active"]) for one in clinic("staff", "list", "--json").answer]
    assert [("Dana", "admin", True), ("Eve", "staff", False)] == listed


def test_a_new_password_makes_the_account_work_again(clinic: Callable[..., Any]) -> None:
    clinic("staff", "add", "Eve")
    clinic("staff", "deactivate", "Eve")
    assert 0 == clinic("staff", "password", "Eve").code
    assert [True] == [one["active"] for one in clinic("staff", "list", "--json").answer]
    entries = clinic("audit", "show", "--json").answer
    assert 6 <= len(entries)
    assert all("terminal of " in (one["device"] or "") for one in entries)


def test_an_unknown_name_is_refused_naming_those_there_are(clinic: Callable[..., Any]) -> None:
    clinic("staff", "add", "Dana")
    gone = clinic("staff", "sign-out", "Dan")
    assert (2, True) == (gone.code, 'there is no account "Dan"; accounts are: Dana' in gone.err)


def test_a_lost_phone_is_reset_here_and_a_made_up_password_must_be_changed(clinic: Callable[..., Any]) -> None:
    clinic("staff", "add", "Dana", "--admin")
    nothing = clinic("staff", "reset-second-factor", "Dana")
    assert (2, True) == (nothing.code, "Dana has no second factor" in nothing.err)
    engine = open_engine("sqlite:///notifier.db")
    with writing(engine) as session:
        account = account_called(session, "dana")
        assert account is not None
        assert account.must_change_password
        account.otp_secret = "A" * 32
        session.add(account)
    assert [True] == [one["second_factor"] for one in clinic("staff", "list", "--json").answer]
    assert 0 == clinic("staff", "reset-second-factor", "Dana").code
    with reading(engine) as session:
        account = account_called(session, "dana")
        assert account is not None
        assert account.otp_secret is None
    engine.dispose()
