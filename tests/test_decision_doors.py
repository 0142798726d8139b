"""What only staff decide beside an enrollment's life has the same effect at every door that offers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment, Event, Message, NumberHold, OptOut, Reply, TaskClaim, TaskSnooze
from notifier.domain.states import MessageState
from tests.cli.conftest import _no_settings_from_outside, at_a_terminal, clinic, new_clinic, notifier
from tests.setups.command_doors import CASES, NOW, Clinic, open_clinic
from tests.web.pages.conftest import _quick_passwords

__all__ = [
    "_no_settings_from_outside", "_quick_passwords", "at_a_terminal", "clinic", "new_clinic", "notifier", "open_clinic",
]  # fmt: skip
PHONE = "+14155550123"
CASE = CASES["change"]


def hears(opened: Clinic, text: str) -> None:
    with writing(opened.engine) as session:
        receive(session, InboundText(f"SM{text}", PHONE, text, NOW - timedelta(minutes=1)), NOW)


def post(opened: Clinic, path: str, **fields: str) -> str:
    form = re.search(r'name="form" value="([^"]+)"', opened.client.get("/enroll").text)
    assert form is not None
    return opened.client.post(path, data={"form": form[1], **fields}).text


def outcome(opened: Clinic) -> Any:
    with reading(opened.engine) as session:
        return {
            "open": session.scalars(select(col(Reply.id)).where(col(Reply.closed_at).is_(None))).all(),
            "decisions": session.scalars(select(col(Reply.decision)).order_by(col(Reply.id))).all(),
            "holds": session.scalars(select(col(NumberHold.kinds)).where(col(NumberHold.released_at).is_(None))).all(),
            "seen to": session.scalars(select(col(Message.seen_to)).order_by(col(Message.id))).all(),
            "events": session.scalars(select(col(Event.what)).order_by(col(Event.id))).all(),
            "taken": session.scalars(select(col(TaskClaim.number))).all(),
            "put off": session.scalars(select(col(TaskSnooze.until))).all(),
            "opt-outs": session.scalars(select(col(OptOut.source))).all(),
            "enrollment": session.scalars(select(col(Enrollment.state))).all(),
            "planned": len(session.scalars(select(Message).where(col(Message.state) == MessageState.PLANNED)).all()),
        }


DECISIONS: Mapping[str, tuple[str, Mapping[str, Callable[[Clinic], object]]]] = {
    "texts go on": ("is this normal?", {
        "command line": lambda one: one.run("close", "1", "--texts", "go-on"),
        "page": lambda one: post(one, "/replies/1/close", texts="go-on"),
    }),
    "texts stay held": ("is this normal?", {
        "command line": lambda one: one.run("close", "1", "--texts", "stay-held"),
        "page": lambda one: post(one, "/replies/1/close", texts="stay-held"),
    }),
    "texts end": ("too many texts", {
        "command line": lambda one: one.run("close", "1", "--texts", "end"),
        "page": lambda one: post(one, "/replies/1/close", texts="end", sure="yes"),
    }),
    "a release": ("it is bleeding a lot", {
        "command line": lambda one: one.run("release", PHONE),
        "page of the message": lambda one: post(one, "/replies/1/release", sure="yes", seen="1"),
        "page of the patient": lambda one: one.press("release", CASE),
    }),
    "urgent words do not go on by closing": ("it is bleeding a lot", {
        "command line": lambda one: one.run("close", "1", "--texts", "go-on"),
        "page": lambda one: post(one, "/replies/1/close", texts="go-on"),
    }),
    "a person ends": ("is this normal?", {
        "command line": lambda one: one.run("never-text", "1"),
        "page": lambda one: one.press("never-text", CASE),
        "API": lambda one: one._post("/enrollments/1/never-text", {}),
    }),
    "a text was told in person": ("is this normal?", {
        "command line": lambda one: one.run("tasks", "close", "text-1", "--told"),
        "page": lambda one: post(one, "/tasks", do="told", task="text-1"),
    }),
    "a closing is taken back": ("is this normal?", {
        "command line": lambda one: (one.run("close", "1", "--texts", "go-on"), one.run("tasks", "reopen", "reply-1")),
        "page": lambda one: (
            post(one, "/replies/1/close", texts="go-on"), post(one, "/tasks/reopen", task="reply-1"),
        ),
    }),
    "a message is taken": ("is this normal?", {
        "command line": lambda one: one.run("tasks", "take", "reply-1"),
        "page": lambda one: post(one, "/tasks", do="take", task="reply-1"),
    }),
    "a message is put off": ("it is itchy", {
        "command line": lambda one: one.run("tasks", "put-off", "reply-1", "--until", "2026-03-09T09:00"),
        "page": lambda one: post(one, "/tasks", do="put-off", task="reply-1", until="2026-03-09T09:00"),
    }),
    "a reply": ("is this normal?", {
        "command line": lambda one: one.run("reply", "1", "Yes."),
        "page": lambda one: post(one, "/patients/1/reply", words="Yes.", sure="yes"),
        "API": lambda one: one._post("/replies/1/reply", {"text": "Yes."}),
    }),
}  # fmt: skip


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_door_decides_alike(open_clinic: Any, decision: str) -> None:
    text, doors = DECISIONS[decision]
    found = {}
    for door, decide in doors.items():
        with open_clinic() as opened:
            opened.enroll(CASE)
            hears(opened, text)
            with writing(opened.engine) as session:
                session.execute(update(Message).where(col(Message.id) == 1).values(state=MessageState.UNDELIVERED))
            before = outcome(opened)
            decide(opened)
            found[door] = outcome(opened)
            assert (before == found[door]) == (decision == "urgent words do not go on by closing")
    first = next(iter(found.values()))
    assert dict.fromkeys(found, first) == found


def test_a_program_can_neither_close_nor_release(open_clinic: Any) -> None:
    with open_clinic() as opened:
        paths = opened.client.get("/api/v1/openapi.json").json()["paths"]
        assert [] == [path for path in paths if path.rpartition("/")[2] in ("close", "release", "review")]


def test_the_next_import_of_a_person_who_must_never_be_texted_plans_nothing(open_clinic: Any) -> None:
    """By the number, and by the external id from another number, which is known from then on."""
    with open_clinic() as opened:
        opened.enroll(CASE)
        assert 0 == opened.run("never-text", "1").code
        opened.imports(external_id="A-2", protocol="microneedling", name="ANA LOPEZ")
        opened.imports(external_id="A-3", protocol="microneedling", name="Eva Lopez")
        with reading(opened.engine) as session:
            planned = select(col(Message.enrollment_id)).where(col(Message.state) == MessageState.PLANNED).distinct()
            assert [2] == session.scalars(planned).all(), "nobody is enrolled for the person; Eva is"
        refused = opened.run(
            "enroll", "--name", "Ana Lopez", "--phone", PHONE, "--protocol", "microneedling-24h", "--treated-at",
            "2026-03-07T15:30", "--consent", "signed form",
        )  # fmt: skip
        assert 2 == refused.code
        assert "this person must never be texted" in refused.err.lower()
        assert "must never be texted" in opened.enroll_by_api(
            {"name": "Ana Lopez", "phone": PHONE, "protocol": "microneedling-24h", "consent": "signed form",
             "treated_at": "2026-03-07T15:30:00-05:00"}
        )["detail"]  # fmt: skip
