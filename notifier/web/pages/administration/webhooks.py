"""Webhooks out: programs that are told what happens, and what became of each post. For admins alone."""

from __future__ import annotations

from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.domain.offices import choose_office
from notifier.domain.refused import Refused
from notifier.enrollments.importing.booking_hooks.events import latest_events
from notifier.enrollments.importing.booking_hooks.sources import HookKind, sources
from notifier.enrollments.importing.calendar_feeds.feeds import feeds
from notifier.enrollments.importing.mappings.registry import shipped
from notifier.enrollments.importing.mappings.stored import own_mappings
from notifier.subscriptions.deliver import send_now, try_out
from notifier.subscriptions.deliveries import latest_deliveries, state_of, waiting
from notifier.subscriptions.endpoints import (
    add_endpoint,
    endpoints,
    remove_endpoint,
    rotate_endpoint_secret,
    the_endpoint,
)
from notifier.subscriptions.happenings import MEANINGS, Happening
from notifier.web.view import Page, View, redirect

_SHOWN = 50


def show(view: View) -> Response:
    """Who is told what and what waits for each, and who posts here."""
    return webhooks_page(view)


def add(view: View) -> Response:
    """A new endpoint; its secret is shown with it."""
    wanted = [one for one in Happening if view.field(f"happening.{one}") == "yes"]
    if not wanted:
        return webhooks_page(view, problem=Refused("say what it is told: tick at least one of them"), status=422)
    try:
        with writing(view.context.engine) as session:
            said = view.field("office")  # nothing is all of them
            office = choose_office(said, view.context.rules.offices) if said else None
            made = add_endpoint(
                session, view.field("url"), wanted, office=office,
                with_details=view.field("details") == "yes", now=view.now, by=view.who.by, source=view.source,
            )  # fmt: skip
            url, secret = made.url, made.secret
    except Refused as why:
        return webhooks_page(view, problem=why, status=422)
    return view.page("secret.html", what="secret", whose=url, secret=secret, back="/webhooks")


def remove(view: View) -> Response:
    """Nothing is posted to it any more."""
    with writing(view.context.engine) as session:
        remove_endpoint(session, view.number("endpoint"), now=view.now, by=view.who.by, source=view.source)
    return redirect("/webhooks")


def rotate(view: View) -> Response:
    """A new secret, shown once; the former one signs too for a day."""
    number = view.number("endpoint")
    with writing(view.context.engine) as session:
        secret = rotate_endpoint_secret(session, number, now=view.now, by=view.who.by, source=view.source)
        url = the_endpoint(session, number).url
    return view.page("secret.html", what="secret", whose=url, secret=secret, back="/webhooks", overlaps=True)


def test(view: View) -> Response:
    """Post a test, and say whether it was taken."""
    with reading(view.context.engine) as session:
        endpoint = the_endpoint(session, view.number("endpoint"))
        post = try_out(endpoint, view.now)
    return webhooks_page(view, tested=endpoint.id, why=send_now(post))


def webhooks_page(
    view: View,
    *,
    problem: Refused | None = None,
    tested: int | None = None,
    why: str | None = None,
    hook_problem: Refused | None = None,
    feed_problem: Refused | None = None,
    status: int = 200,
) -> Response:
    """Programs that are told what happens, booking systems that post here, and calendars that are polled."""
    with reading(view.context.engine) as session:
        posting = [(one, latest_events(session, one.id or 0, limit=_SHOWN)) for one in sources(session)]
        polled = feeds(session)
        mappings = sorted({*shipped(), *own_mappings(session)})
        found = [
            (one, waiting(session, one.id or 0), latest_deliveries(session, one.id or 0, limit=_SHOWN))
            for one in endpoints(session)
        ]
    return view.page(
        "webhooks.html", status=status, found=found, problem=problem, typed=view.fields, meanings=MEANINGS,
        state_of=state_of, tested=tested, why=why,
        posting=posting, mappings=mappings, kinds=tuple(HookKind), hook_problem=hook_problem,
        polled=polled, feed_problem=feed_problem,
    )  # fmt: skip


PAGES = (
    Page("GET", "/webhooks", show, admin=True, whole=True),
    Page("POST", "/webhooks", add, admin=True, whole=True),
    Page("POST", "/webhooks/{endpoint:int}/remove", remove, admin=True, whole=True),
    Page("POST", "/webhooks/{endpoint:int}/rotate", rotate, admin=True, whole=True),
    Page("POST", "/webhooks/{endpoint:int}/test", test, admin=True, whole=True),
)
