"""Calendars that are polled: which, when each was looked at last, and what was wrong. For admins alone.

Their addresses open them, so none is shown. One on the clinic's own network is added on the command line.
"""

from __future__ import annotations

from starlette.responses import Response

from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.enrollments.importing.calendar_feeds.feeds import add_feed, remove_feed
from notifier.enrollments.importing.mappings.stored import own_mappings
from notifier.web.pages.administration.webhooks import webhooks_page
from notifier.web.view import Page, View, redirect


def add(view: View) -> Response:
    """A calendar that is polled from now on."""
    try:
        with writing(view.context.engine) as session:
            add_feed(
                session, view.field("name"), view.field("url"), mapping=view.field("mapping"),
                own_mappings=own_mappings(session), consent=view.field("consent"), now=view.now, by=view.who.by,
                source=view.source,
            )  # fmt: skip
    except Refused as why:
        return webhooks_page(view, feed_problem=why, status=422)
    return redirect("/webhooks")


def remove(view: View) -> Response:
    """It is polled no more."""
    with writing(view.context.engine) as session:
        name = view.request.path_params["feed"]
        remove_feed(session, name, now=view.now, by=view.who.by, source=view.source)
    return redirect("/webhooks")


PAGES = (
    Page("POST", "/webhooks/feeds", add, admin=True, whole=True),
    Page("POST", "/webhooks/feeds/{feed}/remove", remove, admin=True, whole=True),
)
