"""Saved answers to read; an admin writes, approves and retires them."""

from __future__ import annotations

from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.db.saved_answers import saved_answers
from notifier.domain.refused import Refused
from notifier.publishing.saved_answers import (
    LONGEST_WORDS,
    approve_saved_answer,
    retire_saved_answer,
    write_saved_answer,
)
from notifier.web.view import Page, View, redirect
from schedules.languages.registry import languages


def show(view: View) -> Response:
    """Every saved answer, in each language as it leaves and as it waits."""
    return _page(view)


def _page(view: View, problem: Refused | None = None) -> Response:
    with reading(view.context.engine) as session:
        found = saved_answers(session)
    return view.page(
        "saved_answers.html",
        status=422 if problem else 200,
        answers=found,
        problem=problem,
        typed={name: view.field(name) for name in ("title", "language", "words")},
        languages=[one.code for one in languages()],
        longest=LONGEST_WORDS,
        must_be_approved=view.context.rules.must_be_approved,
    )


def write(view: View) -> Response:
    """New words; what was typed is kept where they are refused."""
    try:
        with writing(view.context.engine) as session:
            write_saved_answer(
                session, view.field("title"), view.field("language"), view.field("words"),
                protocols=view.context.protocols, now=view.now, by=view.who.by,
            )  # fmt: skip
    except Refused as why:
        return _page(view, why)
    view.note("did", "write a saved answer")
    return redirect("/saved-answers")


def approve(view: View) -> Response:
    """A clinician stands behind exactly the words that were read."""
    seen = view.field("seen")
    with writing(view.context.engine) as session:
        approve_saved_answer(
            session, view.number("answer"), view.field("language"), wording=int(seen) if seen.isdecimal() else 0,
            now=view.now, by=view.field("clinician") or view.who.name,
        )  # fmt: skip
    view.note("did", "approve a saved answer")
    return redirect("/saved-answers")


def retire(view: View) -> Response:
    """It is offered to nobody any more."""
    with writing(view.context.engine) as session:
        retire_saved_answer(session, view.number("answer"), now=view.now, by=view.who.by)
    view.note("did", "retire a saved answer")
    return redirect("/saved-answers")


PAGES = (
    Page("GET", "/saved-answers", show),
    Page("POST", "/saved-answers", write, admin=True),
    Page("POST", "/saved-answers/{answer:int}/approve", approve, admin=True),
    Page("POST", "/saved-answers/{answer:int}/retire", retire, admin=True),
)
