"""`notifier audit`: who saw whom at a terminal, by name, and whether the record is whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from notifier.cli import context, running
from notifier.db.engine import open_engine
from notifier.db.errors import DatabaseFailure
from notifier.domain.refused import Refused
from tests.access.test_audit_chain import tamper
from tests.cli.conftest import Ran

Desk = Callable[..., Ran]


def test_who_saw_her_is_one_command_and_names_a_person(
    clinic: Desk, ana: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic(*ana)
    clinic("show", "1")
    monkeypatch.delenv("NOTIFIER_STAFF")
    monkeypatch.setenv("SUDO_USER", "rae")
    clinic("due")
    clinic("cancel", "1", "--dry-run")
    clinic("cancel", "1")
    clinic("opt-outs")
    found = clinic("audit", "who-saw", "1", "--json").answer
    assert [
        ("cli:rae", "did", "notifier cancel"),
        ("cli:rae", "saw", "notifier cancel"),
        ("cli:rae", "saw", "notifier due"),
        ("cli:Dana", "saw", "notifier show"),
        ("cli:Dana", "did", "notifier enroll"),
    ] == [(one["by"], one["what"], one["about"]) for one in found]
    assert all("terminal of " in one["device"] for one in found)


def test_root_at_a_terminal_is_asked_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "login_name", lambda: None)
    monkeypatch.setattr(running, "_owner", lambda: "root")
    monkeypatch.setattr(running, "is_attended", lambda: False)
    assert ("cli:root", "cli:dana") == (running.who(), running.who("dana"))  # a timer has no person
    monkeypatch.setattr(running, "is_attended", lambda: True)
    with pytest.raises(Refused, match="NOTIFIER_STAFF=dana"):
        running.who()


def test_verify_says_what_is_whole_and_exits_1_where_something_was_changed(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path
) -> None:
    assert 2 == clinic("audit", "verify").code  # no key yet: nothing was ever sealed
    clinic(*ana)
    assert 0 == clinic("audit", "new-key", "--reason", "a first one").code
    whole = clinic("audit", "verify")
    assert (0, True) == (whole.code, "; 1 and 0 not sealed yet" in whole.out), whole
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    tamper(engine, "UPDATE staff_audit SET by = 'cli:Eve' WHERE id = 1")
    engine.dispose()
    changed = clinic("audit", "verify")
    assert (1, True) == (changed.code, "(seal 1): one of them, or the seal, was changed since" in changed.err), changed


def test_an_encrypted_backup_comes_back_with_its_key_and_the_audit_log_says_so(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "own.key"
    monkeypatch.setenv("NOTIFIER_KEY_FILE", str(key))
    clinic(*ana)
    assert "encrypted; it opens with" in clinic("backup", "first.backup").err
    assert b"Ana Lopez" not in (tmp_path / "first.backup").read_bytes()
    hidden = key.rename(tmp_path / "hidden.key")
    lost = clinic("restore", "first.backup")
    assert (2, True) == (lost.code, "was encrypted with key" in lost.err), lost
    hidden.rename(key)
    assert 0 == clinic("cancel", "1").code
    restored = clinic("restore", "first.backup")
    assert (0, True) == (restored.code, "restored, as of" in restored.err), restored
    assert ["active"] == [one["state"] for one in clinic("enrollments", "--json").answer]
    said = [one["about"] for one in clinic("audit", "show", "--json").answer if one["what"] == "did"]
    assert ["a backup was restored, as of 2026-03-07 20:40 UTC", "a backup was restored: what follows goes on from it",
            "notifier enroll"] == said[:3]  # fmt: skip
    assert [] == [one.name for one in tmp_path.iterdir() if "plain" in one.name or "part" in one.name]


def test_what_only_reads_is_in_the_audit_log_before_it_prints_and_prints_nothing_where_that_is_full(
    clinic: Desk, ana: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic(*ana)
    looks = (("find", "Ana"), ("patients",), ("patients", "--csv"), ("day",), ("due",), ("show", "1"), ("enrollments",))
    for one in looks:
        told = clinic(*one)
        assert (one, 0, True) == (one, told.code, "Lopez" in told.out or "today" in told.out)
    seen = clinic("audit", "who-saw", "1", "--json").answer
    assert [f"notifier {one[0]}" for one in reversed(looks)] == [entry["about"] for entry in seen[: len(looks)]]

    def full(*_: object) -> None:
        raise DatabaseFailure("The disk is full.")

    monkeypatch.setattr(context, "record_command", full)
    for one in (*looks, ("report",), ("silent",), ("replies",)):
        told = clinic(*one)
        assert (one, "", True) == (one, told.out, told.code != 0)
