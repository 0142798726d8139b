"""An erased patient is nowhere any more, and what was promised to them still holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlmodel import SQLModel, col

from notifier.conversations.close import close_reply
from notifier.conversations.notes import add_note
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import file_of, reading, writing
from notifier.db.rows import insert_rows
from notifier.db.tables import (
    ApiKey,
    ApiResponse,
    Enrollment,
    Erasure,
    HookEvent,
    HookSource,
    ProviderDeletion,
    Reply,
)
from notifier.domain.key_set import KeySet
from notifier.domain.open_replies import TextsDecision
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import Refused
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.importing.meanings import RowMeaning
from notifier.enrollments.never_text import never_text
from notifier.maintenance.backups import back_up
from notifier.maintenance.forgetting.erase import ErasurePlan, erase, plan_erasure
from notifier.maintenance.forgetting.leave_no_trace import leave_no_trace
from notifier.maintenance.forgetting.legal_hold import lift_hold, put_on_hold
from notifier.numbers.opt_outs import is_opted_out
from tests.setups.clinic import ANA, BOB, ClinicSetup

PSEUDONYMS = Pseudonyms(KeySet(b"k" * 32))
NAME, ID = "Zerlina Quixano", "EHR-9913"
WORDS = ("Zerlina", "Quixano", "zerlinaquixano", ANA, ANA[2:], ID, "purple", "limerick", "velvet")
CSV = f"external_id,name,phone,protocol,treated_at,consent\n{ID},{NAME},{ANA},plain,2026-03-06T14:00,signed velvet\n"


@pytest.fixture
def desk(clinic: ClinicSetup) -> ClinicSetup:
    return replace(clinic, rules=replace(clinic.rules, pseudonyms=PSEUDONYMS))


def import_file(desk: ClinicSetup, data: str = CSV) -> dict[RowMeaning, int]:
    report = import_rows(
        desk.engine, data.encode(), protocols=desk.protocols, rules=desk.rules, now=desk.now, by="desk"
    )
    assert [] == report.faults
    return report.counts


def writes(desk: ClinicSetup, sid: str, words: str) -> None:
    desk.act(receive, InboundText(sid, ANA, words, desk.now), desk.now)


def known(desk: ClinicSetup) -> int:
    """Everything that may be known of her: an import, a text that left, words of hers and of staff, posts, searches."""
    assert 1 == import_file(desk)[RowMeaning.NEW]
    desk.send(desk.texts(1)["today"], desk.now)
    writes(desk, "SM" + "1" * 32, "what a purple bruise")
    desk.act(add_note, 1, "sings a limerick", now=desk.now, by="desk")
    with writing(desk.engine) as session:
        post = f'{{"patient": {{"name": "{NAME}", "tel": "(212) 555-0123"}}}}'
        insert_rows(session, HookSource, [
            {"name": "cal", "kind": "cal.com", "secret": "s", "created_at": desk.now, "created_by": "desk"}
        ])  # fmt: skip
        insert_rows(session, HookEvent, [
            {"source_id": 1, "event_id": ID, "body": post, "received_at": desk.now, "booking": ID}
        ])  # fmt: skip
        insert_rows(session, ApiKey, [
            {"name": "EHR", "key_hash": "h", "prefix": "p", "scopes": [], "created_at": desk.now, "created_by": "d"}
        ])  # fmt: skip
        insert_rows(session, ApiResponse, [
            {"api_key_id": 1, "idempotency_key": "a", "at": desk.now, "body_hash": "x", "answer": {"name": NAME}}
        ])  # fmt: skip
    return 1


def forget(desk: ClinicSetup, enrollment: int = 1) -> None:
    desk.act(erase, enrollment, rules=desk.rules, pseudonyms=PSEUDONYMS, now=desk.now, by="desk")
    assert leave_no_trace(desk.engine, desk.now)


def close(desk: ClinicSetup, reply: int) -> None:
    desk.act(close_reply, reply, TextsDecision.GO_ON, now=desk.now, by="desk")


def rows_with_her(engine: Engine) -> list[str]:
    found = []
    with reading(engine) as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in session.execute(select(table)):
                found += [f"{table.name}: {row}" for word in WORDS if word.lower() in str(tuple(row)).lower()]
    return found


def test_nothing_of_an_erased_patient_is_found_in_database_file_or_new_backup(
    desk: ClinicSetup, tmp_path: Path
) -> None:
    if desk.engine.dialect.name == "sqlite":  # as it is where SQLite was not built to overwrite what is deleted

        @event.listens_for(desk.engine, "connect")
        def _leaves_traces(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA secure_delete=OFF")

        desk.engine.dispose()
    known(desk)
    assert len(rows_with_her(desk.engine)) > 10
    with pytest.raises(Refused, match="message 1 is open; close it first"):
        plan_erasure_of(desk)
    close(desk, 1)
    unheard = [one.step for one in plan_erasure_of(desk).unheard]
    assert ["makeup-again", "sun-again"] == unheard
    forget(desk)
    assert [] == rows_with_her(desk.engine)
    assert {"SM" + "1" * 32} == set(sids(desk))
    file = file_of(desk.engine)
    if file is not None:
        back_up(desk.engine, tmp_path / "new.db", now=desk.now, by="desk")
        for one in (*file.parent.glob(f"{file.name}*"), tmp_path / "new.db"):
            content = one.read_bytes().lower()
            assert [] == [(one.name, word) for word in WORDS if word.lower().encode() in content]
    with pytest.raises(Refused, match="was erased"):
        plan_erasure_of(desk)


def test_an_opt_out_and_never_twice_hold_after_the_erasure(desk: ClinicSetup) -> None:
    known(desk)
    close(desk, 1)
    writes(desk, "SM" + "2" * 32, "STOP")
    forget(desk)
    with reading(desk.engine) as session:
        assert is_opted_out(session, ANA) is None, "only a pseudonym is left of the number"
    assert (0, 1) == tuple(import_file(desk)[one] for one in (RowMeaning.NEW, RowMeaning.PASSED_BY))
    with pytest.raises(Refused, match="this is enrollment 1, whose patient was erased"):
        desk.enroll(name=NAME, at=desk.now - timedelta(minutes=10))
    again = desk.enroll(name=NAME, at=desk.now - timedelta(minutes=10), second=True)
    with reading(desk.engine) as session:
        assert is_opted_out(session, ANA) is not None
    assert {"suppressed"} == {one.state.value for one in desk.texts(again.enrollment).values()}
    forget(desk, again.enrollment)
    assert [] == rows_with_her(desk.engine)
    with pytest.raises(Refused, match="the key file that knows them again is not here"):
        replace(desk, rules=replace(desk.rules, pseudonyms=None)).enroll(name="Bob")


def test_who_must_never_be_texted_is_known_again(desk: ClinicSetup) -> None:
    known(desk)
    close(desk, 1)
    desk.act(never_text, 1, rules=desk.rules, now=desk.now, by="desk")
    forget(desk)
    assert [] == rows_with_her(desk.engine)
    with pytest.raises(Refused, match="never"):
        desk.enroll(name=NAME, at=desk.now + timedelta(days=-1))


def test_an_import_knows_an_erased_person_who_must_never_be_texted(desk: ClinicSetup) -> None:
    known(desk)
    close(desk, 1)
    desk.act(never_text, 1, rules=desk.rules, now=desk.now, by="desk")
    forget(desk)
    later = CSV.replace("03-06", "03-05").replace(ID, "E-2")
    for row in (later, later.replace("03-05", "03-04").replace(ANA, BOB)):
        assert {RowMeaning.NEVER_TEXTED: 1} == {one: many for one, many in import_file(desk, row).items() if many}


def test_a_legal_hold_keeps_a_patient_until_it_is_lifted(desk: ClinicSetup) -> None:
    desk.enroll()
    assert [True, False] == [desk.act(put_on_hold, 1, now=desk.now, by="desk") for _ in range(2)]
    with pytest.raises(Refused, match="on legal hold since 2026-03-06; lift it first"):
        forget(desk)
    desk.act(lift_hold, 1, now=desk.now, by="desk")
    forget(desk)


def test_a_kill_before_the_file_is_overwritten_is_made_up_for(desk: ClinicSetup) -> None:
    desk.enroll()
    desk.act(erase, 1, rules=desk.rules, pseudonyms=PSEUDONYMS, now=desk.now, by="desk")
    with reading(desk.engine) as session:
        assert session.get_one(Erasure, 1).overwritten_at is None
    assert leave_no_trace(desk.engine, desk.now)
    with reading(desk.engine) as session:
        assert desk.now == session.get_one(Erasure, 1).overwritten_at


def test_whoever_shares_the_number_keeps_what_was_written_from_it(desk: ClinicSetup) -> None:
    desk.enroll()
    desk.enroll(name="Bob Ruiz")
    writes(desk, "SM" + "3" * 32, "thanks")
    forget(desk)
    with reading(desk.engine) as session:
        left = session.get_one(Enrollment, 2)
        assert ("Bob Ruiz", ANA, "thanks") == (left.name, left.phone, session.scalars(select(Reply)).one().text)


def plan_erasure_of(desk: ClinicSetup) -> ErasurePlan:
    with reading(desk.engine) as session:
        return plan_erasure(session, 1, desk.rules)


def sids(desk: ClinicSetup) -> list[str]:
    with reading(desk.engine) as session:
        return list(session.scalars(select(col(ProviderDeletion.sid))))
