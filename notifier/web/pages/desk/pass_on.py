"""“I cannot read this”: a message goes to colleagues who read its language, and holds what it held."""

from __future__ import annotations

from starlette.responses import Response

from notifier.conversations.pass_on import pass_on
from notifier.db.engine import writing
from notifier.web.pages.desk.back import back_to
from notifier.web.view import Page, View, redirect


def pass_reply_on(view: View) -> Response:
    """To whoever reads the language that is said, else the patient's."""
    with writing(view.context.engine) as session:
        pass_on(session, view.number("reply"), view.field("language") or None, now=view.now, by=view.who.by)
    view.note("did", "pass on a reply")
    return redirect(back_to(view))


PAGES = (Page("POST", "/replies/{reply:int}/pass-on", pass_reply_on),)
