"""What is kept of a patient is handed over, held for a court or erased: by an admin who has seen what goes."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import select

from notifier.conversations.close import close_reply
from notifier.db.engine import reading, writing
from notifier.db.rows import insert_rows
from notifier.db.tables import ProviderDeletion, StaffAudit
from notifier.domain.open_replies import TextsDecision
from tests.web.pages.conftest import ANA, Pages, words

DATA, ERASE = "/patients/1/data", "/patients/1/erase"


def sure(pages: Pages) -> str:
    found = re.search(r'name="sure" value="([^"]+)"', pages.get(ERASE).text)
    assert found is not None
    return found[1]


def did(pages: Pages) -> list[str | None]:
    with reading(pages.engine) as session:
        return [one.about for one in session.scalars(select(StaffAudit)) if one.enrollment_id == 1]


def test_an_export_is_a_file_to_read_and_one_for_programs(admin: Pages) -> None:
    admin.enroll()
    text, program = (admin.get(f"/patients/1/export.{ending}") for ending in ("txt", "json"))
    assert ["attachment; filename=enrollment-1.txt", "attachment; filename=enrollment-1.json"] == [
        one.headers["content-disposition"] for one in (text, program)
    ]
    assert ([ANA], True) == (json.loads(program.text)["patient"]["phones"], ANA in text.text)
    assert "export" in did(admin)


def test_evidence_is_read_as_far_as_it_is_sealed_and_downloaded_with_what_verifies_it(
    admin: Pages, tmp_path: Path
) -> None:
    admin.enroll()
    assert "wait for a minute" in admin.read("/patients/1/evidence")
    made = admin.post("/patients/1/evidence")
    assert "attachment; filename=evidence-1.zip" == made.headers["content-disposition"]
    with ZipFile(io.BytesIO(made.content)) as archive:
        archive.extractall(tmp_path)
    ran = subprocess.run(
        [sys.executable, "verify_evidence.py", "evidence.json"],
        check=False, cwd=tmp_path / "evidence", capture_output=True, text=True,
    )  # fmt: skip
    assert (0, True) == (ran.returncode, "WHOLE" in ran.stdout), ran.stderr
    assert "enrolled, with consent" in admin.read("/patients/1/evidence")
    assert 2 == did(admin).count("evidence")  # who looks again in the same minute is written down once


def test_an_erasure_lists_what_the_patient_will_not_hear_and_does_exactly_what_was_shown(admin: Pages) -> None:
    admin.enroll()
    shown = admin.read(ERASE)
    assert [] == [
        one for one in ("Erase Ana Ruiz?", "The patient will not hear", "retinoids again") if one not in shown
    ]
    seen = sure(admin)
    admin.says("is this normal?")
    refused = admin.get(ERASE)
    assert (200, True, False) == (
        refused.status_code,
        "is open; close it first" in words(refused),
        "sure" in refused.text,
    )
    with writing(admin.engine) as session:
        close_reply(session, 1, TextsDecision.GO_ON, now=admin.clock.now(), by="staff:Dana")
        late = {"sid": "SM9", "not_before": admin.clock.now(), "refused_at": admin.clock.now()}
        insert_rows(session, ProviderDeletion, [late])
    again = admin.post(ERASE, sure=seen)
    kept = f"Twilio still keeps 1 text of erased patients, since {admin.clock.now():%Y-%m-%d}."
    assert (False, True) == (kept in shown, kept in words(again))
    assert (True, True) == ("Look at it once more" in words(again), "Ana Ruiz" in admin.get("/patients/1").text)
    done = admin.post(ERASE, sure=sure(admin))
    assert (303, f"{DATA}#erased") == (done.status_code, done.headers["location"])
    assert (True, True) == ("The patient was erased" in admin.read(DATA), "number erased" in admin.read("/patients"))
    everywhere = "".join(admin.get(path).text for path in ("/", "/patients", "/patients/1", DATA))
    assert [] == [one for one in ("Ana", "Ruiz", ANA, "555-0123") if one in everywhere]


def test_a_legal_hold_forbids_it_until_it_is_lifted(admin: Pages) -> None:
    admin.enroll()
    admin.post("/patients/1/legal-hold")
    assert "On legal hold since Fri Mar 6, by Dr. Sol" in admin.read(DATA)
    assert "Not now: the patient has been on legal hold since 2026-03-06; lift it first." in admin.read(ERASE)
    admin.post("/patients/1/legal-hold", lift="yes")
    assert "Erase for good" in admin.read(ERASE)
    assert ["legal hold", "lift legal hold"] == [one for one in did(admin) if one and "hold" in one]
