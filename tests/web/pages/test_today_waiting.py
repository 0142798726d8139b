"""What needs a person is on Today in words, each list with its count, and is dealt with there."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from notifier.db.engine import reading, writing
from notifier.db.tables import Event
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.states import MessageState
from notifier.oversight.alerts.cadence import Cause
from notifier.oversight.alerts.stored_alerts import take
from notifier.sending.gates.circuits import open_circuit, open_circuits
from notifier.sending.gates.heartbeats import arrive, say_doubt
from notifier.sending.gates.recoveries import begin_after_outage, open_recoveries
from tests.web.pages.conftest import ANA, Pages
from tests.web.pages.test_today import move

S = MessageState


def work(pages: Pages) -> None:
    with writing(pages.engine) as session:
        arrive(session, "worker", host="h", pid=1, now=pages.clock.now())


def alert(pages: Pages, *causes: Cause) -> None:
    with writing(pages.engine) as session:
        take(session, causes, now=pages.clock.now())


def test_that_no_worker_runs_is_said_and_only_then(pages: Pages) -> None:
    assert "Nothing is sent right now: no worker is running." in pages.read("/")
    work(pages)
    assert "no worker" not in pages.read("/")


def test_open_alerts_stand_on_top_with_what_to_do(pages: Pages) -> None:
    alert(pages, Cause("gate", "nothing is sent: nobody can read"), Cause("silence", "a text has been due for 1 h"))
    shown = pages.read("/")
    assert "Nothing is sent: nobody can read. Nothing leaves until it can be." in shown
    assert "A text has been due for 1 h. Tell whoever runs this machine." in shown
    assert shown.index("has been due") < shown.index("Needs a person")
    alert(pages)
    assert "due for 1 h" not in pages.read("/")


def test_what_stands_in_a_list_is_not_said_twice(pages: Pages) -> None:
    alert(
        pages, *(Cause(key, f"about {key}") for key in ("urgent-1", "unmarked-1", "expired-1", "bounced-1", "review"))
    )
    assert "about" not in pages.read("/").lower().replace("about this page", "")


def test_only_an_admin_says_that_a_circuit_is_mended(admin: Pages) -> None:
    admin.account()
    for who, status, left in (("Dana", 403, 1), ("Dr. Sol", 303, 0)):
        with writing(admin.engine) as session:
            open_circuit(session, reason="21606: not your number", code=21606, at=admin.clock.now(), by="w")
        admin.sign_in(who)
        assert ("send again" in admin.read("/").lower().split("since")[1]) == (who == "Dr. Sol")
        assert status == admin.post("/send-again").status_code
        with reading(admin.engine) as session:
            assert left == len(open_circuits(session))


def test_an_admin_says_that_a_clock_is_right(admin: Pages) -> None:
    work(admin)
    with writing(admin.engine) as session:
        say_doubt(session, "worker", "the clock leapt 3 days ahead")
    assert "Here it is Fri Mar 6, 2:10 PM: is that right" in admin.read("/")
    admin.post("/send-again")
    assert "leapt" not in admin.read("/")


@pytest.mark.parametrize(("sent", "state"), [("yes", S.ACCEPTED), ("no", S.PLANNED)])
def test_a_text_in_doubt_is_decided_on_today(pages: Pages, sent: str, state: S) -> None:
    text = pages.texts(pages.enroll().enrollment)[0]
    move(pages, text, S.ATTEMPTING, S.NEEDS_REVIEW)
    assert "needs a look" in pages.read("/")
    decided = pages.post(f"/texts/{text.id}/review", sent=sent, back="/")
    assert ("/", state) == (decided.headers["location"], pages.texts(1)[0].state)
    assert "needs a look" not in pages.read("/")


def test_everything_about_one_number_is_one_row(pages: Pages) -> None:
    first, second = pages.texts(pages.enroll().enrollment)[:2]
    move(pages, first, S.ATTEMPTING, S.FAILED, why="a landline")
    move(pages, second, S.EXPIRED, why="too late")
    pages.says("who is this?")
    shown = pages.read("/")
    assert "Needs a person 1" in shown
    assert "3 about Ana Ruiz ." in shown or "3 about Ana Ruiz." in shown
    assert all(said in shown for said in ("A landline.", "Too late.", "who is this?"))
    both = f"text-{first.id}~text-{second.id}"
    assert both in re.findall(r'value="([^"]+)"', pages.get("/").text)
    pages.post("/tasks", do="told", task=both)
    assert "A landline." not in pages.read("/")


def test_the_list_goes_on_page_by_page_with_the_true_count(pages: Pages) -> None:
    for number in range(30):
        text = pages.texts(pages.enroll(phone=f"+121255502{number:02}").enrollment)[0]
        move(pages, text, S.EXPIRED, why=f"why {number}.")
    shown = pages.get("/").text
    further = unescape(re.findall(r'href="(/tasks\?after=[^"]+)"', shown)[0])
    assert ("Needs a person 30" in pages.read("/"), 25) == (True, shown.count('id="t-'))
    assert "555" not in further
    assert 5 == pages.get(further).text.count('id="t-')


def test_every_open_and_lately_closed_reply_is_behind_the_count(pages: Pages) -> None:
    pages.enroll()
    pages.says("Can I run?")
    pages.says("It is bleeding")
    pages.post("/replies/1/close", back="/replies", texts="go-on")
    shown = pages.read("/replies")
    assert shown.index("It is bleeding") < shown.index("Closed lately") < shown.index("Can I run?")
    assert "Done by Dana" in shown


def test_a_form_leads_back_to_its_own_pages_alone(subtests: pytest.Subtests, pages: Pages) -> None:
    for back in ("//evil.example", "https://evil.example", "/texts/\nx", "/patients/1/../x", "/overdue"):
        with subtests.test(back=back):
            pages.enroll()
            pages.says("Can I run?")
            assert "/" == pages.post("/replies/1/close", back=back, texts="go-on").headers["location"]


def outage(pages: Pages) -> None:
    """Four late texts of two patients: the rules, useful while they hold, and reminders of the makeup, too late now."""
    pages.enroll()
    pages.enroll(name="Eva Cruz", phone="+12125550124")
    pages.clock.pass_(hours=23, minutes=30)
    with writing(pages.engine) as session:
        assert begin_after_outage(session, above=0, now=pages.clock.now())
    pages.sign_in()


def late_form(pages: Pages) -> str:
    return pages.token("/overdue", "seen")


def test_late_texts_are_shown_with_their_fate_and_leave_when_somebody_says_so(pages: Pages) -> None:
    outage(pages)
    shown = pages.read("/overdue")
    assert "Late, still useful: it leaves." in shown
    assert "Too late: tell the patient." in shown
    pages.post("/overdue", seen=late_form(pages))
    with reading(pages.engine) as session:
        assert {} == open_recoveries(session)
        released = session.scalars(select(Event.by).where(Event.what == "recovery_ended")).all()  # type: ignore[call-overload]  # SQLModel's columns
    assert ["staff:Dana"] == released


def test_late_texts_that_changed_since_are_looked_at_again(pages: Pages) -> None:
    outage(pages)
    seen = late_form(pages)
    pages.says("STOP", ANA)
    assert 422 == pages.post("/overdue", seen=seen).status_code
    with reading(pages.engine) as session:
        assert open_recoveries(session)


def test_closing_time_comes_first_where_it_is_known(pages: Pages) -> None:
    object.__setattr__(pages.context, "staffed", StaffedHours.parse("Fri 09:00-15:00"))
    pages.enroll(appointment_at=pages.clock.now() + timedelta(minutes=20))
    pages.clock.pass_(minutes=49)
    pages.sign_in()
    assert "treated?" not in pages.read("/")
    pages.clock.pass_(minutes=1)
    assert "treated?" in pages.read("/")
