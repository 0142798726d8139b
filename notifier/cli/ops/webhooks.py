"""`notifier webhooks …`: which other programs are told what happens, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from notifier.cli.context import command_context
from notifier.cli.errors import Failed
from notifier.cli.options import DryRun, Json, WhichOffice
from notifier.cli.output import note, print_json, print_table, show
from notifier.cli.running import terminal
from notifier.db.engine import reading
from notifier.db.tables import WebhookEndpoint
from notifier.domain.offices import choose_office
from notifier.subscriptions.deliver import send_now, try_out
from notifier.subscriptions.deliveries import latest_deliveries, state_of, waiting
from notifier.subscriptions.endpoints import (
    add_endpoint,
    endpoints,
    remove_endpoint,
    rotate_endpoint_secret,
    the_endpoint,
)
from notifier.subscriptions.happenings import Happening

app = typer.Typer(help="Which other programs are told what happens.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Its number, as `notifier webhooks list` gives it.", metavar="ENDPOINT")]
Happenings = Annotated[
    list[Happening] | None, typer.Option("--happening", help="What it is told; may be given several times.")
]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where to post: https, or http on this machine.")],
    happening: Happenings = None,
    office: WhichOffice = None,
    with_details: Annotated[
        bool, typer.Option("--with-details", help="With names, numbers and words; without it ids alone.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """A new endpoint; the secret that its posts are signed with is printed."""
    with command_context(creates=True, dry_run=dry_run) as context:
        bound = choose_office(office, context.rules.offices) if office else None
        with context.change() as session:
            made = add_endpoint(
                session,
                url,
                happening or (),
                office=bound,
                with_details=with_details,
                now=context.now,
                by=context.by,
                source=terminal(),
            )
            number, secret = made.id, made.secret
        if dry_run:
            context.report(f"would post to {url}: {', '.join(sorted(happening or ()))}")
            return
    note(f"endpoint {number}; the secret for the program that receives it, of the Standard Webhooks convention:")
    show(secret)


@app.command("remove")
def remove(endpoint: Number, dry_run: DryRun = False) -> None:
    """Nothing is posted to it any more, not even what waits."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            url = remove_endpoint(session, endpoint, now=context.now, by=context.by, source=terminal())
        context.report(f"removed: {url}")


@app.command("new-secret")
def new_secret(
    endpoint: Number,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The former one is good for nothing from now on: somebody else has it.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """A new secret, printed; posts are signed with the former one too, for a day."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            secret = rotate_endpoint_secret(
                session, endpoint, at_once=at_once, now=context.now, by=context.by, source=terminal()
            )
        if dry_run:
            context.report("would make a new secret")
            return
    note("the new secret; " + ("the former one is good for nothing" if at_once else "the former one is good for a day"))
    show(secret)


@app.command("list")
def list_endpoints(as_json: Json = False) -> None:
    """Who is told what, and how much waits for each."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = [_line(one, waiting(session, one.id or 0)) for one in endpoints(session)]
    if as_json:
        print_json(found)
        return
    rows = [
        (str(one["endpoint"]), one["url"], ", ".join(one["happenings"]), str(one["waiting"]), one["office"] or "all")
        for one in found
    ]
    print_table(
        ("endpoint", "address", "is told", "waiting", "office"), rows, empty="nobody; see: notifier webhooks add --help"
    )


@app.command("deliveries")
def deliveries(
    endpoint: Number,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """What was posted to it, the latest first; for a month."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = latest_deliveries(session, endpoint, limit=limit)
    if as_json:
        print_json(
            [
                {
                    "delivery": one.id, "happening": one.happening, "at": one.at.isoformat(), "ids": one.ids,
                    "state": state_of(one), "tries": one.tries, "why": one.why,
                }
                for one in found
            ]
        )  # fmt: skip
        return
    rows = [(one.happening, f"{one.at:%Y-%m-%d %H:%M}", state_of(one), str(one.tries), one.why or "-") for one in found]
    print_table(("what", "when (UTC)", "state", "tries", "why"), rows, empty="nothing was posted to it yet")


@app.command("test")
def test(endpoint: Number) -> None:
    """Post a test, and say whether it was taken."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        post = try_out(the_endpoint(session, endpoint), context.now)
    if why := send_now(post):
        raise Failed(f"the test was not taken: {why}")
    note("taken")


def _line(one: WebhookEndpoint, waits: int) -> dict[str, Any]:
    return {
        "endpoint": one.id,
        "url": one.url,
        "happenings": one.happenings,
        "office": one.office,
        "with_details": one.with_details,
        "waiting": waits,
        "created_at": one.created_at.isoformat(),
    }
