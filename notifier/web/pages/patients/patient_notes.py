"""A note on a patient, for colleagues alone."""

from __future__ import annotations

from starlette.responses import Response

from notifier.conversations.notes import add_note
from notifier.db.engine import writing
from notifier.web.view import Page, View, redirect


def add(view: View) -> Response:
    """Write it down, and look at the patient's page again."""
    whose = view.number("enrollment")
    with writing(view.context.engine) as session:
        add_note(session, whose, view.field("note"), now=view.now, by=view.who.by)
    view.note("did", "note", whose)
    return redirect(f"/patients/{whose}#notes")


PAGES = (Page("POST", "/patients/{enrollment:int}/notes", add),)
