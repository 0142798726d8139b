"""The fixed answer is read by everybody on the page, and an admin stands behind its words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import reading
from notifier.db.fixed_answers import last_approvals
from schedules.languages.registry import languages
from tests.web.pages.conftest import RULES, Pages, words

NEW = "{clinic}: nobody reads this now. In an emergency, call 911. Else call {phone}."
SAID = "Lakeside Skin: nobody reads this now. In an emergency, call 911. Else call (978) 555-0142."


def with_new_words(desk: Pages, said: str = NEW) -> None:
    """Texts go to real phones, and the clinic has put its own English words into its settings."""
    rules = AnswerRules(RULES.voice, ZoneInfo("America/New_York"), words={"en": said}, must_be_approved=True)
    object.__setattr__(desk.context, "answers", rules)


def approve(desk: Pages, **fields: str) -> int:
    seen = desk.token("/fixed-answer", "seen")  # English stands first
    sent = {"language": "en", "seen": seen, "clinician": "Dr. Rivera", **fields}
    return desk.post("/fixed-answer/approve", on="/protocols", **sent).status_code


@pytest.fixture
def approver(admin: Pages) -> Pages:
    with_new_words(admin)
    return admin


def test_new_words_wait_until_an_admin_stands_behind_them_and_then_leave(approver: Pages) -> None:
    shown = approver.read("/fixed-answer")
    assert (False, True) == (SAID in shown, NEW in shown)
    assert 303 == approve(approver)
    with reading(approver.engine) as session:
        assert {"en": (NEW, "Dr. Rivera")} == {
            code: (one.words, one.by) for code, one in last_approvals(session).items()
        }
    shown = approver.read("/fixed-answer")
    assert (True, False) == (SAID in shown, NEW in shown)
    assert len(languages()) - 1 == shown.count("Waits for a clinician")


def test_words_that_changed_since_they_were_read_are_not_approved(approver: Pages) -> None:
    seen = approver.token("/fixed-answer", "seen")
    with_new_words(approver, NEW + " Thank you.")
    assert 422 == approve(approver, seen=seen)
    assert 422 == approve(approver, language="xx"), "a language that there is not"
    with reading(approver.engine) as session:
        assert {} == last_approvals(session)


def test_who_is_no_admin_reads_it_and_cannot_approve_it(pages: Pages) -> None:
    with_new_words(pages)
    shown = pages.get("/fixed-answer")
    assert (True, True) == (NEW in words(shown), "An admin approves it." in words(shown))
    assert 403 == pages.post("/fixed-answer/approve", on="/protocols", language="en", seen="x").status_code


def test_where_nobody_has_said_in_whose_name_there_is_no_fixed_answer(pages: Pages) -> None:
    assert 404 == pages.get("/fixed-answer").status_code
    assert "/fixed-answer" not in pages.get("/protocols").text
    with_new_words(pages)
    assert 'href="/fixed-answer"' in pages.get("/protocols").text
