"""New words lapse an approval: until a clinician has read them, the words approved last go on, in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifier.db.engine import reading
from notifier.db.protocols import last_approved
from notifier.domain.refused import Refused
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.preview import rehearse
from notifier.enrollments.requests import EnrollRequest
from notifier.oversight.doctor.database import say_waiting_words
from notifier.publishing.approve import approve
from schedules.protocol import CareProtocol
from tests.setups.clinic import ANA, BOB, ClinicSetup

DAY = timedelta(days=1)


def _reworded(protocol: CareProtocol, words: str) -> CareProtocol:
    content = protocol.content.replace("{clinic}: ", f"{{clinic}}: {words} ")
    return CareProtocol.from_content(content)


@pytest.fixture
def changed(clinic: ClinicSetup) -> ClinicSetup:
    """The file was approved, then changed and approved again, then changed once more."""
    strict = clinic.strictly()
    old = strict.protocols["plain"]
    newer, newest = _reworded(old, "newer"), _reworded(old, "newest")
    for number, words in enumerate((old, newer)):
        strict.act(approve, words, by="Dr. Lee", now=strict.now + number * DAY)
    return replace(strict, protocols={**strict.protocols, "plain": newest})


def _request(**values: Any) -> EnrollRequest:
    asked = {"name": "Bob Ruiz", "phone": BOB, "protocol": "plain", "consent": "signed form", **values}
    return EnrollRequest(**asked)


def test_a_new_patient_gets_the_words_approved_last_and_staff_are_told(changed: ClinicSetup) -> None:
    enrolled = changed.enroll()
    assert all(" newer " in row.text for row in changed.texts(enrolled.enrollment).values())
    newest, newer = changed.protocols["plain"], enrolled.plan.timeline.protocol
    waits = (
        f"the present words of plain ({newest.version}) wait for a clinician; "
        f"the patient gets those approved last ({newer.version})"
    )
    assert waits in enrolled.warnings
    with reading(changed.engine) as session:
        request = _request(treated_at=changed.now)
        found = rehearse(session, request, protocols=changed.protocols, rules=changed.rules, now=changed.now)
        doctor = say_waiting_words(session, changed.protocols)
    assert waits in found.warnings
    goes_on = f"plain in en: the words approved last ({newer.version}) go on until a clinician has approved "
    assert [f"{goes_on}the present ones ({newest.version})"] == doctor


def test_an_import_takes_them_too(changed: ClinicSetup) -> None:
    row = f"a-1,Bob Ruiz,{BOB},plain,{changed.now.isoformat()},signed form"
    data = f"external_id,name,phone,protocol,treated_at,consent\n{row}\n".encode()
    asked: dict[str, Any] = {"protocols": changed.protocols, "rules": changed.rules, "now": changed.now, "by": "desk"}
    report = import_rows(changed.engine, data, **asked)
    assert (1, 0) == (report.written, report.fault_count)
    assert all(" newer " in row.text for row in changed.texts(1).values())


def test_once_approved_the_new_words_are_used(changed: ClinicSetup) -> None:
    changed.act(approve, changed.protocols["plain"], by="Dr. Lee", now=changed.now)
    enrolled = changed.enroll()
    assert all(" newest " in row.text for row in changed.texts(enrolled.enrollment).values())
    assert not any("wait for a clinician" in one for one in enrolled.warnings)
    with reading(changed.engine) as session:
        assert [] == say_waiting_words(session, changed.protocols)


def test_what_was_never_approved_is_refused_and_nothing_changes_where_none_is_needed(changed: ClinicSetup) -> None:
    with pytest.raises(Refused, match="nobody has approved makeup-only"):
        changed.enroll(protocol="makeup-only", phone=ANA)
    free = replace(changed, rules=replace(changed.rules, must_be_approved=False))
    assert all(" newest " in row.text for row in free.texts(free.enroll().enrollment).values())
    with reading(changed.engine) as session:
        assert {("plain", "en")} == set(last_approved(session, changed.protocols.values()))
