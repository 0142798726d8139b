"""The correction for those who were told otherwise: its words in each language, whom it reaches, and sending it."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from notifier.db.corrections import correction_of
from notifier.db.engine import reading, writing
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.publishing.correct import Correction, preview_correction, send_correction
from notifier.publishing.correction_words import approve_correction, write_correction
from notifier.web.pages.administration.protocols import the_protocol
from notifier.web.view import Page, View, redirect
from notifier.web.widgets.effect_view import effect_rows


def show(view: View) -> Response:
    """Whom it would reach, whom somebody must call, and the words with where they stand."""
    return _page(view)


def write(view: View) -> Response:
    """New words in one language; what was typed is kept where they are refused."""
    protocol = the_protocol(view)
    try:
        with writing(view.context.engine) as session:
            write_correction(
                session, protocol.id, {view.field("language"): view.field("words")}, rules=view.context.rules,
                now=view.now, by=view.who.by,
            )  # fmt: skip
    except Refused as why:
        return _page(view, problem=why)
    view.note("did", f"write the correction of {protocol.id}")
    return redirect(f"/protocols/{protocol.id}/correction")


def approve(view: View) -> Response:
    """A clinician stands behind exactly the words that were read."""
    protocol, language, seen = the_protocol(view), view.field("language"), view.field("seen")
    with writing(view.context.engine) as session:
        approve_correction(
            session, protocol.id, language=language, seen={language: int(seen) if seen.isdecimal() else 0},
            now=view.now, by=view.field("clinician") or view.who.name,
        )  # fmt: skip
    view.note("did", f"approve the correction of {protocol.id}")
    return redirect(f"/protocols/{protocol.id}/correction")


def send(view: View) -> Response:
    """Send it as it was shown, once to each."""
    context, protocol = view.context, the_protocol(view)
    with reading(context.engine) as session:
        found = preview_correction(session, protocol.id, rules=context.rules, now=view.now)
    if view.field("sure") != found.digest:
        return _page(view, problem=Refused("something has changed since you looked; look at it once more"))
    done = send_correction(partial(writing, context.engine), found, rules=context.rules, now=view.now, by=view.who.by)
    view.note("did", f"correct {protocol.id} {done.protocol.version}")
    return _page(view, done=done)


def _page(view: View, *, problem: Refused | None = None, done: Correction | None = None) -> Response:
    protocol, rules = the_protocol(view), view.context.rules
    with reading(view.context.engine) as session:
        found = preview_correction(session, protocol.id, rules=rules, now=view.now)
        words = correction_of(session, found.protocol.id, found.protocol.version)
        session.expunge_all()
    rows = [
        (one, one.after.get("name", ""), effect_rows(one.texts, zone_called(one.timezone))) for one in found.effects
    ]
    return view.page(
        "protocol_correction.html",
        status=422 if problem else 200,
        protocol=protocol,
        found=found,
        words=words,
        rows=rows,
        problem=problem,
        done=done,
        must_be_approved=rules.must_be_approved,
        typed={name: view.field(name) for name in ("language", "words")},
    )


PAGES = (
    Page("GET", "/protocols/{protocol}/correction", show, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/correction", write, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/correction/approve", approve, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/correction/send", send, admin=True, whole=True),
)
