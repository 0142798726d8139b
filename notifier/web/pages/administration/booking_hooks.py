"""Webhooks in: booking systems that post here, and what became of each post. For admins alone."""

from __future__ import annotations

from starlette.responses import Response

from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.enrollments.importing.booking_hooks.events import retry_events
from notifier.enrollments.importing.booking_hooks.sources import (
    add_source,
    kind_called,
    remove_source,
    rotate_secret,
    the_source,
)
from notifier.enrollments.importing.mappings.stored import own_mappings
from notifier.web.pages.administration.webhooks import webhooks_page
from notifier.web.view import Page, View, redirect


def add(view: View) -> Response:
    """A booking system that may post; its secret is shown with it."""
    name = view.field("name")
    try:
        kind = kind_called(view.field("kind"))
        with writing(view.context.engine) as session:
            made = add_source(
                session, name, kind=kind, mapping=view.field("mapping") or None,
                own_mappings=own_mappings(session), consent=view.field("consent"), now=view.now, by=view.who.by,
                source=view.source,
            )  # fmt: skip
            secret = made.secret
    except Refused as why:
        return webhooks_page(view, hook_problem=why, status=422)
    return view.page("secret.html", what="secret", whose=f"the webhook {name}", secret=secret, back="/webhooks")


def remove(view: View) -> Response:
    """Nothing more of it is taken."""
    with writing(view.context.engine) as session:
        remove_source(session, view.request.path_params["source"], now=view.now, by=view.who.by, source=view.source)
    return redirect("/webhooks")


def rotate(view: View) -> Response:
    """A new secret, shown once; the former one is good for a day more."""
    name = view.request.path_params["source"]
    with writing(view.context.engine) as session:
        secret = rotate_secret(session, name, now=view.now, by=view.who.by, source=view.source)
    return view.page(
        "secret.html", what="secret", whose=f"the webhook {name}", secret=secret, back="/webhooks", overlaps=True
    )


def retry(view: View) -> Response:
    """What failed is read once more."""
    with writing(view.context.engine) as session:
        retry_events(session, the_source(session, view.request.path_params["source"]).id or 0)
    return redirect("/webhooks")


PAGES = (
    Page("POST", "/webhooks/sources", add, admin=True, whole=True),
    Page("POST", "/webhooks/sources/{source}/remove", remove, admin=True, whole=True),
    Page("POST", "/webhooks/sources/{source}/rotate", rotate, admin=True, whole=True),
    Page("POST", "/webhooks/sources/{source}/retry", retry, admin=True, whole=True),
)
