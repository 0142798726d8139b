"""Evidence proves consent, STOP and every text with why: to a script without this program, and after an erasure."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from notifier.access.seal_audit_log import extent, seal_entries
from notifier.access.verify_audit_log import verify
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.domain.key_set import KeySet
from notifier.domain.pseudonyms import Pseudonyms
from notifier.maintenance.evidence.account import account_of
from notifier.maintenance.evidence.evidence import VERIFIER, enrollments_proven, evidence_of, record_evidence
from notifier.maintenance.forgetting.erase import erase
from tests.setups.clinic import ANA, BOB, ClinicSetup

KEYS = KeySet(b"k" * 32)
Evidence = dict[str, Any]


def seal(clinic: ClinicSetup, at: datetime | None = None) -> None:
    with writing(clinic.engine) as session:
        up_to = extent(session)
    while clinic.act(seal_entries, KEYS, at or clinic.now, up_to):
        pass


def made(clinic: ClinicSetup, sealed_at: datetime | None = None) -> Evidence:
    """As it is read back from its file."""
    with reading(clinic.engine) as session:
        whose = enrollments_proven(session, 1)
    clinic.act(record_evidence, whose, now=clinic.now, by="cli:Dana")
    seal(clinic, sealed_at)
    with reading(clinic.engine) as session:
        found: Evidence = json.loads(json.dumps(evidence_of(session, whose)))
    return found


def course(clinic: ClinicSetup) -> None:
    """Consent, a text, STOP; Bob's between; each sealed by itself."""
    clinic.enroll()
    clinic.enroll(name="Bob Ruiz", phone=BOB)
    seal(clinic)
    clinic.send(clinic.texts(1)["today"], clinic.now)
    seal(clinic)
    clinic.send(clinic.texts(2)["today"], clinic.now)
    seal(clinic)
    clinic.act(receive, InboundText("SM" + "1" * 32, ANA, "Stop, por favor 🙏", clinic.now), clinic.now)


def verified(evidence: Evidence, file: Path) -> tuple[int, str]:
    """What the script says, which knows nothing of this program."""
    file.write_text(json.dumps(evidence, ensure_ascii=False), "utf-8")
    script = file.with_name("script.py")
    script.write_bytes(VERIFIER.read_bytes())
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(file)], check=False, capture_output=True, encoding="utf-8"
    )
    return ran.returncode, ran.stdout + ran.stderr


def events_in(evidence: Evidence) -> list[Evidence]:
    return [event for seal in evidence["seals"] if isinstance(seal, dict) for event in seal["events"]]


def wrong(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return verify(session, KEYS).wrong


def test_the_script_proves_all_of_it_and_sees_what_was_changed_taken_away_or_moved(
    clinic: ClinicSetup, tmp_path: Path
) -> None:
    course(clinic)
    evidence = made(clinic)
    assert 40 >= len(VERIFIER.read_text("utf-8").splitlines())
    code, said = verified(evidence, tmp_path / "evidence.json")
    assert (0, []) == (code, [
        one for one in ("consent: signed form", ANA, "no makeup until", "Stop, por favor", "WHOLE") if one not in said
    ]), said  # fmt: skip
    assert [] == [one for one in ("Bob", BOB) if one in json.dumps(evidence)]
    assert [str, True] == [type(evidence["seals"][2]), "opted out (keyword)" in said or "(phrase)" in said]

    def word(one: Evidence) -> None:
        events_in(one)[0]["content"][1] = events_in(one)[0]["content"][1].replace("signed", "spoken")

    def when(one: Evidence) -> None:
        events_in(one)[1]["line"][2] = "2026-03-06T19:00:00.000000Z"

    def middle(one: Evidence) -> None:
        del one["seals"][1]["events"][0]

    def end(one: Evidence) -> None:
        one["seals"][-1]["events"].pop()

    def order(one: Evidence) -> None:
        one["seals"][-1]["events"].reverse()

    def seals(one: Evidence) -> None:
        one["seals"][1], one["seals"][2] = one["seals"][2], one["seals"][1]

    def gone(one: Evidence) -> None:
        del one["seals"][2]

    tampered: list[Callable[[Evidence], None]] = [word, when, middle, end, order, seals, gone]
    for tamper in tampered:
        other = deepcopy(evidence)
        tamper(other)
        code, said = verified(other, tmp_path / "evidence.json")
        assert (1, True) == (code, "NOT AS IT WAS SEALED" in said), tamper.__name__


def test_after_an_erasure_the_chain_is_whole_and_says_nothing(clinic: ClinicSetup, tmp_path: Path) -> None:
    course(clinic)
    before = made(clinic)
    clinic.act(erase, 1, rules=clinic.rules, pseudonyms=Pseudonyms(KEYS), now=clinic.now, by="desk")
    after = made(clinic, clinic.now + timedelta(hours=2))
    assert [] == wrong(clinic.engine)
    code, said = verified(after, tmp_path / "evidence.json")
    assert (0, True) == (code, "WHOLE" in said), said
    known, left = events_in(before), events_in(after)
    assert [one["line"] for one in known] == [one["line"] for one in left[: len(known)]]
    assert [] == [one for one in left if "salt" in one]
    assert [] == [one for one in (ANA, "Ana", "signed form", "no makeup") if one in json.dumps(after)]
    account = account_of(after, ZoneInfo("America/New_York"))
    wanted = ("(erased; it was sealed as", "name, numbers and words were erased", "today: planned to attempting")
    assert [] == [one for one in (*wanted, "(before evidence, or while nothing ran: sealed at") if one not in account]


def test_a_change_to_an_event_in_the_database_shows(clinic: ClinicSetup) -> None:
    course(clinic)
    seal(clinic)
    assert [] == wrong(clinic.engine)
    for statement, says in (
        ("UPDATE events SET words = 'consent: none' WHERE id = 1", "changed"),
        ("DELETE FROM events WHERE id = 2", "taken away"),
        ("DELETE FROM evidence_salts", "changed"),
        ("UPDATE audit_seals SET events_root = entries_digest WHERE number = 3", "changed"),
    ):
        with clinic.engine.connect() as connection:
            if clinic.engine.dialect.name == "sqlite":
                connection.execute(text("DROP TRIGGER audit_seals_no_update"))
            else:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(statement))
            with Session(connection) as session:
                first = verify(session, KEYS).wrong[0]
            assert (statement, True) == (statement, "events" in first and says in first), first
            connection.rollback()
