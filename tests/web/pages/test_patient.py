"""The patient's page: everything about her, and every change with its difference first."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

import notifier.web
from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.domain.states import MessageState
from notifier.enrollments.commands import COMMANDS
from tests.web.pages.conftest import ANA, Desk, words

HERS = "/patients/1"


def seen(desk: Desk, **fields: str) -> httpx2.Response:
    """What a change would do."""
    return desk.post(f"{HERS}/change", **fields)


def sure(desk: Desk, **fields: str) -> httpx2.Response:
    """See it, and press the button."""
    found = re.search(r'name="sure" value="([^"]+)"', seen(desk, **fields).text)
    assert found is not None
    return desk.post(f"{HERS}/change", sure=found[1], **fields)


def states(desk: Desk) -> set[str]:
    return {row.state.value for row in desk.texts(1)}


def test_the_page_shows_every_text_with_its_state_and_the_recovery(desk: Desk) -> None:
    desk.enroll()
    shown = desk.get(HERS)
    assert len(desk.texts(1)) == shown.text.count('<li class="text">')
    assert "no makeup until Sat Mar 7, 2:10 PM" in words(shown)
    assert "<svg" in shown.text


def test_a_form_says_whose_clock_it_is_on_where_hers_is_another(desk: Desk) -> None:
    desk.enroll(timezone="America/Phoenix", appointment_at=desk.clock.now() + timedelta(hours=1))
    shown = desk.read(HERS)
    assert "Both on the clinic’s clock, New York." in shown
    assert "Appointment Fri Mar 6, 1:10 PM MST" in shown
    assert "on the patient’s clock, Phoenix" in words(seen(desk, what="treated", treated_at="2026-03-06T14:00"))


def test_stop_is_seen_on_her_page(desk: Desk) -> None:
    desk.enroll()
    desk.says("no más por favor")
    shown = desk.read(HERS)
    assert "STOP came on Fri Mar 6 (phrase). Nothing is sent to this number: call instead." in shown
    assert "no más por favor" in shown
    assert {"suppressed"} == states(desk)


def test_names_and_texts_are_data(desk: Desk) -> None:
    desk.enroll(consent="<script>alert(1)</script>")
    desk.says("<img src=x onerror=alert(1)>\"'{{7*7}}")
    for path in (HERS, "/"):
        page = desk.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "{{7*7}}" in page
    assert "&lt;img src=x" in desk.get(HERS).text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"what": "change", "treated_at": "2026-03-06T13:00"}, "moves"),
        ({"what": "change", "timezone": "Pacific/Honolulu"}, "moves"),
        ({"what": "change", "phone": "212 555 0199"}, "new words or number"),
        ({"what": "change", "language": "es"}, "new words or number"),
        ({"what": "change", "protocol": "microneedling-week"}, "withdrawn"),
        ({"what": "cancel"}, "withdrawn"),
    ],
)
def test_the_difference_comes_before_the_change(desk: Desk, fields: dict[str, str], says: str) -> None:
    desk.enroll()
    before = [(row.step, row.state, row.due_at, row.text, row.phone) for row in desk.texts(1)]
    response = seen(desk, **fields)
    assert (200, True) == (response.status_code, says in words(response))
    assert before == [(row.step, row.state, row.due_at, row.text, row.phone) for row in desk.texts(1)]
    assert f"{HERS}#done" == sure(desk, **fields).headers["location"]
    assert before != [(row.step, row.state, row.due_at, row.text, row.phone) for row in desk.texts(1)]


@pytest.mark.parametrize("opted_out", [False, True])
def test_an_ending_shows_what_it_does_to_others_on_the_phone(desk: Desk, opted_out: bool) -> None:
    desk.enroll()
    desk.enroll(name="Eva Poe")
    if opted_out:
        desk.says("STOP")
    shown = words(desk.post("/patients/2/change", what="cancel"))
    assert "Enrollment 1, on the same phone" in shown
    assert "new words or number" in shown
    assert opted_out == ("The number has opted out: nothing will be sent" in shown)
    assert any(row.text.startswith("Ana: ") for row in desk.texts(1))
    desk.post("/patients/2/change", what="cancel", sure=_digest(desk, "cancel", "/patients/2"))
    assert not any(row.text.startswith("Ana: ") for row in desk.texts(1))


def test_a_change_that_is_no_longer_what_was_seen_is_shown_again(desk: Desk) -> None:
    desk.enroll()
    answer = desk.post(f"{HERS}/change", what="cancel", sure="0" * 16)
    assert "Look at it once more" in words(answer)
    assert {"planned"} == states(desk)


def test_a_name_alone_changes_no_text(desk: Desk) -> None:
    desk.enroll()
    fields = {"what": "change", "name": "Anna Ruiz"}
    assert "No text changes." in words(seen(desk, **fields))
    sure(desk, **fields)
    assert "Anna Ruiz" in desk.read(HERS)


def test_nothing_changed_is_said(desk: Desk) -> None:
    desk.enroll()
    response = seen(desk, what="change", name="Ana Ruiz", phone="+1 212 555 0123", treated_at="2026-03-06T14:10")
    assert (422, True) == (response.status_code, "Nothing was changed in the form" in words(response))


def test_hold_and_go_on(desk: Desk) -> None:
    desk.enroll()
    sure(desk, what="hold", why="she asked")
    assert "on hold" in desk.read(HERS)
    assert "The enrollment is on hold: she asked" in desk.read(HERS)
    sure(desk, what="resume")
    assert "active" in desk.read(HERS)


def test_never_again_and_texts_wanted_again(desk: Desk) -> None:
    desk.enroll()
    sure(desk, what="opt-out")
    assert {"suppressed"} == states(desk)
    assert 422 == desk.post(f"{HERS}/change", what="release", sure=_digest(desk, "release")).status_code
    sure(desk, what="release", reconsent="signed a new form")
    assert {"planned"} == states(desk)


def _digest(desk: Desk, what: str, whose: str = HERS) -> str:
    return desk.post(f"{whose}/change", what=what).text.split('name="sure" value="')[1].split('"')[0]


def test_a_no_show_ends_it(desk: Desk) -> None:
    desk.enroll(appointment_at=desk.clock.now() + timedelta(minutes=5))
    assert 'id="no-show"' not in desk.get(HERS).text
    early = seen(desk, what="no-show")
    assert (422, True) == (early.status_code, "so it is no no-show yet" in words(early))
    desk.clock.pass_(minutes=5)
    sure(desk, what="no-show")
    assert "no-show" in desk.read(HERS)


@pytest.mark.parametrize(
    ("end", "back", "state"),
    [
        ("no-show", {"what": "resume"}, "booked"),
        ("no-show", {"what": "treated", "treated_at": "2026-03-06T14:15"}, "active"),
        ("no-show", {"what": "change", "appointment_at": "2026-03-20T10:00"}, "booked"),
        ("cancel", {"what": "resume"}, "booked"),
    ],
)
def test_an_ending_by_mistake_is_taken_back(desk: Desk, end: str, back: dict[str, str], state: str) -> None:
    desk.enroll(appointment_at=desk.clock.now() + timedelta(minutes=5))
    desk.clock.pass_(minutes=5)
    sure(desk, what=end)
    assert 'id="take-back"' in desk.get(HERS).text
    assert f"{HERS}#done" == sure(desk, **back).headers["location"]
    with reading(desk.engine) as session:
        found = by_id(session, 1)
    assert found is not None
    assert state == found.state.value


def test_the_history_names_who_did_it(desk: Desk) -> None:
    desk.enroll()
    sure(desk, what="cancel")
    assert "planned → withdrawn Dana" in desk.read(HERS)
    assert {MessageState.CANCELLED.value} == states(desk)


def test_a_patient_is_found_by_name_number_and_enrollment(subtests: pytest.Subtests, desk: Desk) -> None:
    for typed in ("ana", "ANA RUIZ", "ruiz", "212 555 0123", "1"):
        with subtests.test(typed=typed):
            desk.enroll()
            assert HERS == desk.post("/find", who=typed).headers["location"]


def test_nobody_else_is_found(subtests: pytest.Subtests, desk: Desk) -> None:
    for typed in ("%", "_", "x' OR 1=1", "Bob", "99"):
        with subtests.test(typed=typed):
            desk.enroll()
            assert "0 patients" in words(desk.post("/find", who=typed))


def test_somebody_elses_form_tells_nothing(desk: Desk) -> None:
    """The warnings of an enrollment are shown on its own page alone."""
    assert ANA not in desk.read("/patients/1?form=00000000-0000-0000-0000-000000000000")


def test_every_command_has_its_button_on_the_page() -> None:
    page = (Path(notifier.web.__file__).parent / "templates" / "patient.html").read_text(encoding="utf-8")
    assert [] == [word for word in COMMANDS if f'"{word}"' not in page], "notifier/web/templates/patient.html lacks it"
