"""`notifier hooks …`: which booking systems may post here, and what became of their posts."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import command_context
from notifier.cli.options import DryRun, Json
from notifier.cli.output import note, print_json, print_table, show
from notifier.db.engine import reading
from notifier.enrollments.importing.booking_hooks.events import latest_events, retry_events
from notifier.enrollments.importing.booking_hooks.sources import (
    HookKind,
    add_source,
    remove_source,
    rotate_secret,
    sources,
    the_source,
)
from notifier.enrollments.importing.mappings.stored import own_mappings

app = typer.Typer(help="Which booking systems may post here.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Its name: it posts to /hooks/NAME.", metavar="NAME")]


@app.command("add")
def add(
    name: Name,
    mapping: Annotated[
        str | None, typer.Option("--as", help="The mapping that reads it; else its keys are our import's columns.")
    ] = None,
    kind: Annotated[HookKind, typer.Option("--kind", help="How it signs.")] = HookKind.STANDARD,
    consent: Annotated[
        str, typer.Option("--consent", help="How its patients agreed to texts, where no post says it.")
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Let a booking system post to /hooks/NAME; the secret that it signs with is printed."""
    with command_context(creates=True, dry_run=dry_run) as context:
        with context.change() as session:
            made = add_source(
                session, name, kind=kind, mapping=mapping, own_mappings=own_mappings(session), consent=consent,
                now=context.now, by=context.by,
            )  # fmt: skip
            secret = made.secret
        if dry_run:
            context.report(f"would take what is posted to /hooks/{name}")
            return
    note(f"it posts to /hooks/{name} of the public address, signed with this secret:")
    show(secret)


@app.command("remove")
def remove(name: Name, dry_run: DryRun = False) -> None:
    """Nothing more of it is taken, not even what waits."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            remove_source(session, name, now=context.now, by=context.by)
        context.report(f"removed: {name}")


@app.command("new-secret")
def new_secret(
    name: Name,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The former one is good for nothing from now on: somebody else has it.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """A new secret, printed; what is signed with the former one is taken for a day more."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            secret = rotate_secret(session, name, at_once=at_once, now=context.now, by=context.by)
        if dry_run:
            context.report("would make a new secret")
            return
    note("the new secret; " + ("the former one is good for nothing" if at_once else "the former one is good for a day"))
    show(secret)


@app.command("list")
def list_sources(as_json: Json = False) -> None:
    """Which booking systems may post."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = [
            {"name": one.name, "kind": one.kind, "mapping": one.mapping, "created_at": one.created_at.isoformat()}
            for one in sources(session)
        ]
    if as_json:
        print_json(found)
        return
    rows = [(str(one["name"]), str(one["kind"]), one["mapping"] or "-") for one in found]
    print_table(("name", "signs as", "mapping"), rows, empty="none; see: notifier hooks add --help")


@app.command("events")
def events(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """What it posted and what became of it, the latest first; for a month."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = latest_events(session, the_source(session, name).id or 0, limit=limit)
    if as_json:
        print_json(
            [
                {
                    "event": one.event_id, "at": one.received_at.isoformat(), "booking": one.booking,
                    "state": one.state, "why": one.why,
                }
                for one in found
            ]
        )  # fmt: skip
        return
    rows = [(f"{one.received_at:%Y-%m-%d %H:%M}", one.booking or "-", one.state, one.why or "-") for one in found]
    print_table(("when (UTC)", "booking", "state", "why"), rows, empty="it has posted nothing yet")


@app.command("retry")
def retry(name: Name, dry_run: DryRun = False) -> None:
    """Let the worker read once more what failed, after a word was explained or a mapping mended."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            count = retry_events(session, the_source(session, name).id or 0)
        context.report(f"read once more: {count}")
