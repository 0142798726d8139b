"""Saved answers: an admin writes, a clinician approves, and what leaves has the patient's own dates and permits nothing
early."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifier.db.engine import reading
from notifier.db.enrollments import the_enrollment
from notifier.domain.kinds import REPLY
from notifier.oversight.offered_answers import offered_answers
from tests.web.pages.conftest import Pages, words

UNTIL = "No makeup until {makeup.until}."
MAY = "You may wear makeup again."


@pytest.fixture
def strict_admin(admin: Pages) -> Pages:
    """Dr. Sol, where texts reach real phones."""
    object.__setattr__(admin.context, "rules", replace(admin.context.rules, must_be_approved=True))
    return admin


def save(pages: Pages, said: str, title: str = "Makeup?", language: str = "en") -> str:
    sent = pages.post("/saved-answers", on="/saved-answers", title=title, language=language, words=said)
    return words(sent)


def approve(pages: Pages, seen: int, language: str = "en") -> int:
    return pages.post(
        "/saved-answers/1/approve", on="/saved-answers", language=language, seen=str(seen), clinician="Dr. Rivera"
    ).status_code


def offered(pages: Pages) -> dict[str, str]:
    """By title, the words for enrollment 1, or why they may not leave."""
    context = pages.context
    with reading(pages.engine) as session:
        found = offered_answers(
            session, the_enrollment(session, 1), rules=context.rules, answers=context.answers, now=pages.clock.now()
        )
    return {one.title: one.words or f"not: {one.why_not}" for one in found}


def test_new_words_wait_for_a_clinician_and_those_approved_last_go_on(strict_admin: Pages) -> None:
    pages = strict_admin
    object.__setattr__(pages.context, "rules", replace(pages.context.rules, must_be_approved=False))
    pages.enroll()
    object.__setattr__(pages.context, "rules", replace(pages.context.rules, must_be_approved=True))
    save(pages, UNTIL)
    assert ({}, 303) == (offered(pages), approve(pages, 1))
    assert {"Makeup?": "No makeup until Sat Mar 7 2:10 PM."} == offered(pages)
    save(pages, "Please no makeup until {makeup.until}.")
    assert ("No makeup until Sat Mar 7 2:10 PM.", 422) == (offered(pages)["Makeup?"], approve(pages, 1))
    assert 303 == approve(pages, 2)
    assert "Please no makeup until Sat Mar 7 2:10 PM." == offered(pages)["Makeup?"]
    pages.post("/saved-answers/1/retire", on="/saved-answers")
    assert {} == offered(pages)


def test_an_answer_is_in_the_patients_language_or_not_offered(admin: Pages) -> None:
    admin.enroll(language="es")
    save(admin, UNTIL)
    assert {} == offered(admin)
    save(admin, "Sin maquillaje hasta {makeup.until}.", language="es")
    assert {"Makeup?": "Sin maquillaje hasta sábado 7 de marzo a las 2:10 pm."} == offered(admin)


def test_words_that_no_patient_could_read_are_refused_where_they_are_written(admin: Pages) -> None:
    for said, why in {
        "No makeup until {lipstick.until}.": "At character 17: {lipstick.until} is no placeholder",
        "No makeup until {makeup.until.": "a brace that belongs to no placeholder",
        "": "The answer is empty",
    }.items():
        assert why in save(admin, said)
    assert 422 == approve(admin, 1)


def test_what_this_patient_does_not_have_is_refused_with_one_sentence(admin: Pages) -> None:
    admin.enroll()
    save(admin, "No shaving until {shaving.until}.", "Shaving?")
    save(admin, "{provider} will call you.", "Call")
    save(admin, "A person comes {staffed.next}.", "When?")
    assert {
        "Shaving?": "not: it says how long shaving waits, and this patient has no such rule",
        "Call": "not: it names the provider, and nobody has written down whose patient this is",
        "When?": "not: it says when a person is there, and nobody has said when the clinic is staffed",
    } == offered(admin)
    admin.says("may I shave?")
    assert "“Shaving?”: not now, because it says how long shaving waits" in admin.read("/patients/1")
    sent = admin.post("/patients/1/reply", on="/patients/1", saved="1")
    assert (422, True) == (sent.status_code, "this patient has no such rule" in words(sent))


def test_no_saved_answer_permits_early_untold_or_calms_urgent_words(admin: Pages) -> None:
    admin.enroll(informed="yes")
    save(admin, MAY)
    save(admin, "Some redness is normal.", "Red?")
    early = "not: it permits, and makeup has to wait until Sat Mar 7, 2:10 PM"
    assert {"Makeup?": early, "Red?": "Some redness is normal."} == offered(admin)
    save(admin, UNTIL, "How long?")
    admin.clock.pass_(hours=30)
    over = "not: it says that makeup waits, and that was over on Sat Mar 7, 2:10 PM"
    assert {"Makeup?": MAY, "Red?": "Some redness is normal.", "How long?": over} == offered(admin)
    admin.says("I have trouble breathing")
    calm = "not: the patient’s words may be urgent and nobody has closed them; call, or write words of your own"
    assert {"Makeup?": calm, "Red?": calm, "How long?": over} == offered(admin)


def test_nobody_is_permitted_what_nobody_has_told(admin: Pages) -> None:
    admin.enroll()
    save(admin, MAY)
    admin.clock.pass_(hours=30)
    assert {"Makeup?": "not: it permits, and nobody has told the patient the rule about makeup yet"} == offered(admin)


def test_a_saved_answer_is_seen_and_sent_and_the_message_keeps_its_hold(admin: Pages) -> None:
    admin.enroll()
    save(admin, UNTIL)
    admin.says("makeup today?")
    page = admin.get("/patients/1").text
    assert page.index("makeup today?") < page.index('id="words"') < page.index('name="saved" value="1"')
    shown = admin.post("/patients/1/reply", on="/patients/1", saved="1")
    assert "Lakeside Skin: No makeup until Sat Mar 7 2:10 PM." in words(shown)
    assert "makeup today?" in words(shown)
    admin.says("and now it hurts")
    send = {"words": "x", "saved": "1", "seen": "1", "sure": "yes"}
    again = words(admin.post("/patients/1/reply", on="/patients/1", **send))
    assert 'The patient has written again meanwhile: "and now it hurts"' in again
    assert [] == [one for one in admin.texts(1) if one.kind == REPLY]
    admin.post("/patients/1/reply", on="/patients/1", **{**send, "seen": "2"})
    assert ["Lakeside Skin: No makeup until Sat Mar 7 2:10 PM."] == [
        one.text for one in admin.texts(1) if one.kind == REPLY
    ]
    assert "Until somebody decides" in admin.read("/replies")


def test_who_is_no_admin_reads_saved_answers_and_writes_none(pages: Pages) -> None:
    assert "An admin writes them." in pages.read("/saved-answers")
    assert 403 == pages.post("/saved-answers", on="/protocols", title="x", language="en", words="x").status_code
