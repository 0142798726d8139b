"""The fixed answer to read and to approve: what leaves now without a person, and which words wait."""

from __future__ import annotations

from hashlib import sha256

from starlette.responses import Response

from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import reading, writing
from notifier.domain.refused import Refused
from notifier.oversight.answer_standing import answer_standings
from notifier.publishing.approve_answer import approve_answers
from notifier.web.view import NotFound, Page, View, redirect
from schedules.languages.registry import languages


def show(view: View) -> Response:
    """What patients hear without a person, language by language."""
    rules = _rules(view)
    with reading(view.context.engine) as session:
        standings = answer_standings(session, rules, view.now)
    seen = {one.language: _digest(one.wish) for one in standings}
    return view.page("fixed_answer.html", standings=standings, seen=seen, must_be_approved=rules.must_be_approved)


def approve(view: View) -> Response:
    """A clinician approves exactly the words that were read."""
    rules, language = _rules(view), view.field("language")
    words = {one.code: rules.wish(one.code) for one in languages()}
    if language in words and view.field("seen") != _digest(words[language]):
        raise Refused("the fixed answer has changed since you read it; read it again, then approve")
    with writing(view.context.engine) as session:
        by = (view.field("clinician") or view.who.name)[:120]
        approve_answers(session, words, by=by, now=view.now, language=language)
    view.note("did", f"approve the fixed answer in {language}")
    return redirect("/fixed-answer")


def _rules(view: View) -> AnswerRules:
    if view.context.answers is None:
        raise NotFound
    return view.context.answers


def _digest(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:12]


PAGES = (Page("GET", "/fixed-answer", show), Page("POST", "/fixed-answer/approve", approve, admin=True))
