"""A protocol's texts on one's own phone: the number is proved by a code, then all of them come within minutes."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.db.tables import Staff
from notifier.domain.phone import parse_phone
from notifier.domain.protocol_choice import check_field
from notifier.domain.refused import Refused
from notifier.numbers.staff_phones import MOST_AN_HOUR, ask_code, last_tryout, phone_of, prove
from notifier.publishing.try_out import try_out
from notifier.web.pages.administration.protocols import the_protocol
from notifier.web.view import NotFound, Page, View, redirect


def show(view: View) -> Response:
    """What comes next: a number, its code, or the texts."""
    return _page(view)


def _page(view: View, *, problem: str | None = None) -> Response:
    with reading(view.context.engine) as session:
        own = phone_of(session, view.who.staff_id)
        last = last_tryout(session, view.who.staff_id)
    return view.page(
        "protocol_tryout.html", status=422 if problem else 200, protocol=the_protocol(view), problem=problem, own=own,
        last=last, most=MOST_AN_HOUR,
    )  # fmt: skip


def _account(session: Session, view: View) -> Staff:
    account = session.get(Staff, view.who.staff_id)
    if account is None:
        raise NotFound
    return account


def take_phone(view: View) -> Response:
    """Text a code to the number."""
    context = view.context
    try:
        phone = check_field("phone", parse_phone, view.field("phone")).e164
        with writing(context.engine) as session:
            ask_code(session, _account(session, view), phone, context.rules, now=view.now, by=view.who.by)
    except Refused as why:
        return _page(view, problem=str(why))
    return _done(view, "asked for a code on the own phone")


def take_code(view: View) -> Response:
    """The code that came: the number is proved."""
    try:
        with writing(view.context.engine) as session:
            is_right = prove(session, _account(session, view), view.field("code"), now=view.now)
    except Refused as why:
        return _page(view, problem=str(why))
    if not is_right:
        return _page(view, problem="that is not the code that was texted; look again")
    return _done(view, "proved the own phone")


def try_it(view: View) -> Response:
    """All of its texts, to the own proved number."""
    protocol, context = the_protocol(view), view.context
    answers = {key: said for key in protocol.questions if (said := view.field(f"answer.{key}"))}
    with reading(context.engine) as session:
        own = phone_of(session, view.who.staff_id)
    if own is None or own.proved_at is None:
        return _page(view, problem="prove your number first: ask for a code")
    try:
        with writing(context.engine) as session:
            try_out(
                session, protocol, own.phone, language=view.field("language") or None, answers=answers,
                rules=context.rules, now=view.now, by=view.who.by, account=_account(session, view),
            )  # fmt: skip
    except Refused as why:
        return _page(view, problem=str(why))
    return _done(view, f"try {protocol.id} {protocol.version}")


def _done(view: View, what: str) -> Response:
    view.note("did", what)
    return redirect(f"/protocols/{the_protocol(view).id}/try")


PAGES = (
    Page("GET", "/protocols/{protocol}/try", show),
    Page("POST", "/protocols/{protocol}/try", try_it),
    Page("POST", "/protocols/{protocol}/try/phone", take_phone),
    Page("POST", "/protocols/{protocol}/try/code", take_code),
)
