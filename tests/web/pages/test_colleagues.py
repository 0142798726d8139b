"""What staff tell each other: notes that are never sent, and a message passed on to who can read it."""

from __future__ import annotations

from notifier.access.manage_accounts import set_languages
from notifier.conversations.notes import notes_on
from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.domain.kinds import REPLY
from tests.web.pages.conftest import Pages, words


def test_a_note_says_who_and_when_is_on_every_enrollment_of_the_patient_and_is_never_sent(pages: Pages) -> None:
    pages.enroll()
    pages.enroll(protocol="microneedling-week", second=True)
    pages.enroll(name="Bo Diaz")
    assert 303 == pages.post("/patients/1/notes", on="/patients/1", note="Calls best after noon.").status_code
    for whose, there in ((1, True), (2, True), (3, False)):
        seen = "Calls best after noon. Dana, Fri Mar 6, 2:10 PM" in pages.read(f"/patients/{whose}")
        assert (whose, there) == (whose, seen)
    assert "noted" in pages.read("/patients/1")
    assert [] == [one for one in pages.texts(1) if one.kind == REPLY or "noon" in one.text]
    refused = pages.post("/patients/1/notes", on="/patients/1", note=" ")
    assert (422, True) == (refused.status_code, "The note is empty" in words(refused))
    with reading(pages.engine) as session:
        assert 1 == len(notes_on(session, the_enrollment(session, 1)))


def test_what_dana_cannot_read_waits_for_who_can_and_keeps_its_hold(pages: Pages) -> None:
    pages.enroll(language="es")
    pages.says("¿puedo nadar mañana?")
    pages.post("/replies/1/claim", on="/")
    refused = pages.post("/replies/1/pass-on", on="/")
    assert "No colleague’s account says that they read Spanish" in words(refused)
    pages.account("Luz")
    with writing(pages.engine) as session:
        set_languages(session, "Luz", ["es"], now=pages.clock.now(), by="test")
    assert 303 == pages.post("/account/languages", on="/account", language="es").status_code
    assert 'value="es" checked' in pages.get("/account").text
    assert 303 == pages.post("/replies/1/pass-on", on="/").status_code
    seen = pages.read("/replies")
    assert "Dana cannot read this. It waits for who reads Spanish: Dana, Luz." in seen
    assert ("Until somebody decides" in seen, "is on it" in seen) == (True, False)
    assert "passed on" in pages.read("/patients/1")


def test_a_stranger_for_whom_nothing_is_planned_is_done_without_a_decision_about_texts(pages: Pages) -> None:
    pages.says("who is this?", "+12125550177")
    seen = pages.read("/")
    assert ("Done" in seen, "Texts go on" in seen, "Stay held" in seen) == (True, False, False)
    pages.post("/replies/1/close", on="/", texts="go-on")
    assert "who is this?" not in pages.read("/")
