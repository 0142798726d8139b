"""What needs a person is on Today in words, each list with its count, and is dealt with there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from notifier.db.engine import reading, writing
from notifier.db.tables import Event
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.states import MessageState
from notifier.oversight.alert_rules import Cause
from notifier.oversight.stored_alerts import take
from notifier.sending.gates.circuits import open_circuit, open_circuits
from notifier.sending.gates.heartbeats import arrive, say_doubt
from notifier.sending.gates.recoveries import begin_after_outage, open_recoveries
from tests.web.pages.conftest import ANA, Desk
from tests.web.pages.test_today import move

S = MessageState


def work(desk: Desk) -> None:
    with writing(desk.engine) as session:
        arrive(session, "worker", host="h", pid=1, now=desk.clock.now())


def alert(desk: Desk, *causes: Cause) -> None:
    with writing(desk.engine) as session:
        take(session, causes, now=desk.clock.now())


def test_that_no_worker_runs_is_said_and_only_then(desk: Desk) -> None:
    assert "Nothing is sent right now: no worker is running." in desk.read("/")
    work(desk)
    assert "no worker" not in desk.read("/")


def test_open_alerts_stand_on_top_with_what_to_do(desk: Desk) -> None:
    alert(desk, Cause("gate", "nothing is sent: nobody can read"), Cause("silence", "a text has been due for 1 h"))
    shown = desk.read("/")
    assert "Nothing is sent: nobody can read. Nothing leaves until it can be." in shown
    assert "A text has been due for 1 h. Tell whoever runs this machine." in shown
    assert shown.index("has been due") < shown.index("Needs a person")
    alert(desk)
    assert "due for 1 h" not in desk.read("/")


def test_what_stands_in_a_list_is_not_said_twice(desk: Desk) -> None:
    alert(desk, *(Cause(key, f"about {key}") for key in ("urgent-1", "unmarked-1", "expired-1", "bounced-1", "review")))
    assert "about" not in desk.read("/").lower().replace("about this page", "")


def test_only_an_admin_says_that_a_circuit_is_mended(admin: Desk) -> None:
    admin.account()
    for who, status, left in (("Dana", 403, 1), ("Dr. Sol", 303, 0)):
        with writing(admin.engine) as session:
            open_circuit(session, reason="21606: not your number", code=21606, at=admin.clock.now(), by="w")
        admin.sign_in(who)
        assert ("send again" in admin.read("/").lower().split("since")[1]) == (who == "Dr. Sol")
        assert status == admin.post("/send-again").status_code
        with reading(admin.engine) as session:
            assert left == len(open_circuits(session))


def test_an_admin_says_that_a_clock_is_right(admin: Desk) -> None:
    work(admin)
    with writing(admin.engine) as session:
        say_doubt(session, "worker", "the clock leapt 3 days ahead")
    assert "Here it is Fri Mar 6, 2:10 PM: is that right" in admin.read("/")
    admin.post("/send-again")
    assert "leapt" not in admin.read("/")


@pytest.mark.parametrize(("sent", "state"), [("yes", S.ACCEPTED), ("no", S.PLANNED)])
def test_a_text_in_doubt_is_decided_on_today(desk: Desk, sent: str, state: S) -> None:
    text = desk.texts(desk.enroll().enrollment)[0]
    move(desk, text, S.ATTEMPTING, S.NEEDS_REVIEW)
    assert "Did it leave? 1" in desk.read("/")
    decided = desk.post(f"/texts/{text.id}/review", sent=sent, back="/")
    assert ("/", state) == (decided.headers["location"], desk.texts(1)[0].state)
    assert "Did it leave?" not in desk.read("/")


def test_bounced_and_expired_texts_are_two_lists_each_behind_its_count(desk: Desk) -> None:
    first, second = desk.texts(desk.enroll().enrollment)[:2]
    move(desk, first, S.ATTEMPTING, S.FAILED, why="a landline")
    move(desk, second, S.EXPIRED, why="too late")
    shown = desk.read("/")
    assert "Did not arrive 1" in shown
    assert "Too late to send: tell the patient 1" in shown
    bounced, expired = desk.read("/texts/bounced"), desk.read("/texts/expired")
    assert (True, False) == ("A landline" in bounced, "Too late." in bounced)
    assert (False, True) == ("A landline" in expired, "Too late." in expired)
    assert "/texts/expired" == desk.post(f"/texts/{second.id}/seen-to", back="/texts/expired").headers["location"]


def test_thirty_expired_texts_hide_no_bounced_one(desk: Desk) -> None:
    for number in range(30):
        text = desk.texts(desk.enroll(phone=f"+121255502{number:02}").enrollment)[0]
        move(desk, text, *((S.ATTEMPTING, S.FAILED) if number == 29 else (S.EXPIRED,)), why=f"why {number}.")
    shown = desk.read("/")
    assert "Why 29." in shown
    assert "tell the patient 29" in shown
    assert 25 == shown.count("not sent")
    assert "Needs a person 30" in shown


def test_every_open_and_lately_closed_reply_is_behind_the_count(desk: Desk) -> None:
    desk.enroll()
    desk.says("Can I run?")
    desk.says("It is bleeding")
    desk.post("/replies/1/close", back="/replies")
    shown = desk.read("/replies")
    assert shown.index("It is bleeding") < shown.index("Closed lately") < shown.index("Can I run?")
    assert "Done by Dana" in shown


def test_a_form_leads_back_to_its_own_pages_alone(subtests: pytest.Subtests, desk: Desk) -> None:
    for back in ("//evil.example", "https://evil.example", "/texts/\nx", "/patients/1/../x", "/overdue"):
        with subtests.test(back=back):
            desk.enroll()
            desk.says("Can I run?")
            assert "/" == desk.post("/replies/1/close", back=back).headers["location"]


def outage(desk: Desk) -> None:
    """Four late texts of two patients, of which some are useful still."""
    desk.enroll()
    desk.enroll(name="Eva Cruz", phone="+12125550124")
    desk.clock.pass_(hours=20)
    with writing(desk.engine) as session:
        assert begin_after_outage(session, above=0, now=desk.clock.now())
    desk.sign_in()


def late_form(desk: Desk) -> str:
    return desk.token("/overdue", "seen")


def test_late_texts_are_shown_with_their_fate_and_leave_when_somebody_says_so(desk: Desk) -> None:
    outage(desk)
    shown = desk.read("/overdue")
    assert "Late, still useful: it leaves." in shown
    assert "Too late: tell the patient." in shown
    desk.post("/overdue", seen=late_form(desk))
    with reading(desk.engine) as session:
        assert {} == open_recoveries(session)
        released = session.scalars(select(Event.by).where(Event.what == "recovery_ended")).all()  # type: ignore[call-overload]  # SQLModel's columns
    assert ["staff:Dana"] == released


def test_late_texts_that_changed_since_are_looked_at_again(desk: Desk) -> None:
    outage(desk)
    seen = late_form(desk)
    desk.says("STOP", ANA)
    assert 422 == desk.post("/overdue", seen=seen).status_code
    with reading(desk.engine) as session:
        assert open_recoveries(session)


def test_closing_time_comes_first_where_it_is_known(desk: Desk) -> None:
    object.__setattr__(desk.context, "staffed", StaffedHours.parse("Fri 09:00-15:00"))
    desk.enroll(appointment_at=desk.clock.now() + timedelta(minutes=20))
    desk.clock.pass_(minutes=49)
    desk.sign_in()
    assert "treated?" not in desk.read("/")
    desk.clock.pass_(minutes=1)
    assert "treated?" in desk.read("/")
