"""`notifier feeds …`: which calendars are polled, and whether they could be read."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import command_context
from notifier.cli.options import DryRun, Json
from notifier.cli.output import print_json, print_table
from notifier.db.engine import reading
from notifier.enrollments.importing.calendar_feeds.feeds import add_feed, feeds, remove_feed
from notifier.enrollments.importing.mappings.stored import own_mappings

app = typer.Typer(help="Which calendars are polled.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Your name for it.", metavar="NAME")]


@app.command("add")
def add(
    name: Name,
    url: Annotated[str, typer.Argument(help="Its address: https or webcal.")],
    mapping: Annotated[str, typer.Option("--as", help="The mapping that reads it.")] = "calendar",
    consent: Annotated[
        str, typer.Option("--consent", help="How its patients agreed to texts, where no event says it.")
    ] = "",
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="It may stand on your own network, also without https.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Poll a calendar every 15 minutes."""
    with command_context(creates=True, dry_run=dry_run) as context:
        with context.change() as session:
            add_feed(
                session, name, url, mapping=mapping, own_mappings=own_mappings(session), consent=consent,
                allow_private=allow_private, now=context.now, by=context.by,
            )  # fmt: skip
        context.report(f"polled every 15 minutes: {name}")


@app.command("remove")
def remove(name: Name, dry_run: DryRun = False) -> None:
    """It is polled no more."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            remove_feed(session, name, now=context.now, by=context.by)
        context.report(f"removed: {name}")


@app.command("list")
def list_feeds(as_json: Json = False) -> None:
    """Which calendars are polled, without their addresses, which open them."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = [
            {
                "name": one.name, "mapping": one.mapping, "why": one.why,
                "checked_at": one.checked_at.isoformat() if one.checked_at else None,
            }
            for one in feeds(session)
        ]  # fmt: skip
    if as_json:
        print_json(found)
        return
    rows = [(str(one["name"]), str(one["mapping"]), one["checked_at"] or "-", one["why"] or "-") for one in found]
    print_table(("name", "mapping", "looked at", "what is wrong"), rows, empty="none; see: notifier feeds add --help")
