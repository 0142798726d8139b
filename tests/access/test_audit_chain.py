"""The audit log is sealed into a chain: whatever is changed, added or taken away shows, and where."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from notifier.access.accounts import Source, audit
from notifier.access.seal_audit_log import is_unsealed, last_seal, seal_entries
from notifier.access.verify_audit_log import Verified, verify
from notifier.db.engine import reading, writing
from notifier.db.events import record_event
from notifier.domain.key_set import LENGTH, KeySet
from notifier.maintenance.audit_copy import copy_to_file, seals_in
from notifier.maintenance.compare_audit_copy import RESTORED, Compared, compare

KEYS, OTHERS = KeySet(b"k" * LENGTH), KeySet(b"o" * LENGTH)


def write(engine: Engine, now: datetime, about: str, *, what: str = "saw", keys: KeySet | None = KEYS) -> None:
    """Two entries, one of a list, and a seal."""
    with writing(engine) as session:
        audit(session, at=now, by="staff:Dana", what=what, about=about, enrollment_id=7, source=Source("10.0.0.5"))
        audit(session, at=now, by="staff:Dana", what="saw", about="Today", shown=(8, 9))
    if keys is not None:
        with writing(engine) as session:
            assert seal_entries(session, keys, now) is not None


def verified(engine: Engine, keys: KeySet = KEYS) -> Verified:
    with reading(engine) as session:
        return verify(session, keys)


def compared(engine: Engine, copy: Path) -> Compared:
    with reading(engine) as session:
        return compare(session, copy)


def copied(engine: Engine, copy: Path) -> int:
    with reading(engine) as session:
        return copy_to_file(session, copy)


def tamper(engine: Engine, *statements: str) -> None:
    """As somebody who may do anything with the database, but has not the key."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for table in ("staff_audit", "audit_shown", "audit_seals"):
                for verb in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def test_what_is_sealed_is_whole_and_the_chain_can_be_followed_without_this_program(
    engine: Engine, now: datetime, tmp_path: Path
) -> None:
    for minute in range(3):
        write(engine, now + timedelta(minutes=minute), "patient")
    write(engine, now, "patient", keys=None)
    found = verified(engine)
    assert (3, 6, now + timedelta(minutes=2), 2, []) == (
        found.seals, found.entries, found.until, found.unsealed, found.wrong
    )  # fmt: skip
    with writing(engine) as session:
        assert is_unsealed(session)
        seal_entries(session, KEYS, now)
    with writing(engine) as session:
        assert not is_unsealed(session)
        assert seal_entries(session, KEYS, now) is None
    copied(engine, tmp_path / "copy.jsonl")
    previous, entries = "0" * 64, ""
    for line in (tmp_path / "copy.jsonl").read_text("utf-8").splitlines():
        if line.startswith('{"entry":'):
            entries += line[9:-1] + "\n"
            continue
        seal = json.loads(line)["seal"]
        at, digest = seal["at"].replace("Z", ".000000Z"), hashlib.sha256(entries.encode()).hexdigest()
        assert seal["entries_digest"] == digest
        own = ["seal", seal["number"], at, seal["first_entry"], seal["last_entry"], seal["entries"], digest]
        own += [seal["first_event"], seal["last_event"], seal["events"], seal["events_root"], seal["key_id"]]
        own_line = json.dumps(own, ensure_ascii=False, separators=(",", ":")) + "\n"
        own_digest = hashlib.sha256(own_line.encode()).hexdigest()
        previous, entries = hashlib.sha256((previous + own_digest).encode()).hexdigest(), ""
        assert seal["digest"] == previous


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "UPDATE staff_audit SET by = 'staff:Eve' WHERE id = 3",
            "entries 3 to 4, .*: one of them, or the seal, was chan",
        ),
        (
            "UPDATE audit_shown SET enrollment_id = 5 WHERE entry_id = 4 AND enrollment_id = 8",
            "entries 3 to 4, .*changed",
        ),
        ("DELETE FROM staff_audit WHERE id = 3", "entries 3 to 4, .*: 1 taken away since"),
        ("DELETE FROM audit_seals WHERE number = 2", "seal 2 is missing"),
        ("UPDATE audit_seals SET last_entry = 3, entries = 1 WHERE number = 2", "entries 3 to 3, .*changed"),
        ("UPDATE audit_seals SET mac = digest WHERE number = 2", "not made with the key of this Notifier"),
    ],
)
def test_a_change_and_a_gap_show_and_where(engine: Engine, now: datetime, statement: str, says: str) -> None:
    for minute in range(3):
        write(engine, now + timedelta(minutes=minute), "patient")
    tamper(engine, statement)
    first = verified(engine).wrong[0]
    assert (says, True) == (says, re.search(says, first) is not None), first


def test_who_has_the_database_but_not_the_key_cannot_make_a_chain(engine: Engine, now: datetime) -> None:
    write(engine, now, "patient")
    write(engine, now, "patient", keys=OTHERS)
    assert (["1"], {}) == (
        [str(n) for n in verified(engine).unproven.values()],
        verified(engine, KeySet(KEYS.current, (OTHERS.current,))).unproven,
    )


def test_the_copy_goes_on_after_a_crash_and_says_what_the_database_has_lost(
    sqlite_engine: Engine, now: datetime, tmp_path: Path
) -> None:
    engine, copy = sqlite_engine, tmp_path / "copy.jsonl"
    for _ in range(3):
        write(engine, now, "patient")
    assert (3, 0, 0o600) == (copied(engine, copy), copied(engine, copy), copy.stat().st_mode & 0o777)
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) - 40])  # a crash in the midst of a line
    assert 1 == copied(engine, copy)
    assert [1, 2, 3] == [number for number, _, _ in seals_in(copy)]
    assert Compared(3) == compared(engine, copy)

    tamper(engine, "DELETE FROM audit_seals WHERE number = 3", "DELETE FROM audit_shown WHERE entry_id > 4",
           "DELETE FROM staff_audit WHERE id > 4")  # fmt: skip
    assert [] == verified(engine).wrong  # nothing in the database can say that its end was cut off
    (sentence,) = compared(engine, copy).wrong
    assert "seals 3 to 3 of the copy are not in the database, and no entry says" in sentence


def test_a_restored_backup_is_told_and_is_no_tampering(sqlite_engine: Engine, now: datetime, tmp_path: Path) -> None:
    engine, copy = sqlite_engine, tmp_path / "copy.jsonl"
    for _ in range(3):
        write(engine, now, "patient")
    copied(engine, copy)
    tamper(engine, "DELETE FROM audit_seals WHERE number > 1", "DELETE FROM audit_shown WHERE entry_id > 2",
           "DELETE FROM staff_audit WHERE id > 2")  # fmt: skip
    write(engine, now, f"{RESTORED}, as of 2026-03-06 19:10 UTC", what="did", keys=None)
    (before,) = compared(engine, copy).restored
    with writing(engine) as session:
        seal_entries(session, KEYS, now)
    assert 1 == copied(engine, copy)  # it goes on from what both have
    write(engine, now, "patient")
    copied(engine, copy)
    after = compared(engine, copy)
    assert ([], 3) == (after.wrong, after.seals)
    assert before.startswith("seals 2 to 3 of the copy are not in the database: a backup was restored, as of")
    assert [True] == ["seals 2 to 3" in one and "says entry 3" in one for one in after.restored]


@pytest.mark.postgres
def test_an_entry_or_event_that_is_not_committed_yet_is_not_passed_over(
    postgresql_engine: Engine, now: datetime
) -> None:
    from notifier.db.errors import DatabaseBusy  # noqa: PLC0415  # of this test alone

    def add_entry(session: Session) -> None:
        audit(session, at=now, by="staff:Dana", what="saw", about="slow")

    def add_event(session: Session) -> None:
        record_event(session, at=now, by="staff:Dana", what="noted")

    for add in (add_entry, add_event):
        with writing(postgresql_engine) as slow:
            add(slow)
            with pytest.raises(DatabaseBusy), writing(postgresql_engine) as session:
                seal_entries(session, KEYS, now)
    write(postgresql_engine, now, "patient")
    with reading(postgresql_engine) as session:
        seal = last_seal(session)
    assert seal is not None
    assert (1, 3, 1) == (seal.first_entry, seal.entries, seal.events)
