"""`notifier mappings …`: how booking systems' files are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from notifier.cli.context import command_context, rehearsal
from notifier.cli.options import DryRun, Json
from notifier.cli.output import note, print_json, print_table, write
from notifier.cli.staff.import_files import read_bytes
from notifier.cli.staff.importing import Words, meanings
from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.apply import HEADER
from notifier.enrollments.importing.mappings.registry import every_mapping, find_mapping
from notifier.enrollments.importing.mappings.stored import forget_mapping, open_reader, own_mappings, save_mapping
from notifier.enrollments.importing.mappings.unknown_words import unknown_words

app = typer.Typer(help="How booking systems' files are read.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A mapping; see: notifier mappings list.")]
_SHOWN = 20


@app.command("list")
def list_mappings(as_json: Json = False) -> None:
    """List those that ship and your own."""
    with rehearsal() as context, context.change() as session:
        own = own_mappings(session)
    found = every_mapping(own)
    if as_json:
        print_json([{"mapping": one.name, "title": one.mapping.title, "ships": one.ships} for one in found])
        return
    rows = [(one.name, one.mapping.title, "ships" if one.ships else "your own") for one in found]
    print_table(("mapping", "reads", "whose"), rows, empty="there are no mappings")


@app.command("show")
def show_mapping(name: Name) -> None:
    """Print the file of one, to save and change."""
    with rehearsal() as context, context.change() as session:
        write(find_mapping(name, own_mappings(session)).content)


@app.command("try")
def try_mapping(
    name: Name,
    file: Annotated[str, typer.Argument(help="The booking system's file; - reads it from stdin.")],
    service: Words = None,
    status: Words = None,
    office: Words = None,
    consent_word: Words = None,
    as_json: Json = False,
) -> None:
    """Show a file's rows as they would be read. Nothing is written or remembered."""
    said = meanings(service=service, status=status, office=office, consent=consent_word)
    with rehearsal() as context, context.change() as session:
        reader = open_reader(session, name, context.protocols, context.rules, consent="(said at the import)", said=said)
        (_, header), *rows = reader.rows(read_bytes(file))
    names = header if isinstance(header, list) else list(HEADER)
    if as_json:
        print_json(
            [
                {
                    "row": number,
                    **({"wrong": str(row)} if isinstance(row, Refused) else dict(zip(names, row, strict=True))),
                }
                for number, row in rows
                if row is not None
            ]
        )
        return
    shown = [(str(number), *row) for number, row in rows if isinstance(row, list)]
    print_table(("row", *names), shown[:_SHOWN], empty="no row can be read yet")
    if len(shown) > _SHOWN:
        note(f"... and {len(shown) - _SHOWN:,} more")
    for number, row in rows:
        if isinstance(row, Refused):
            note(f"row {number}: {row}")
    for sentence in unknown_words(reader):
        note(sentence)


@app.command("save")
def save(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A TOML file, such as one that `show` printed and you changed.")],
    dry_run: DryRun = False,
) -> None:
    """Keep a mapping of your own; it stands before one that ships under the same name."""
    with command_context(creates=True, dry_run=dry_run) as context:
        with context.change() as session:
            save_mapping(
                session, name, read_bytes(str(file)).decode("utf-8", "replace"), now=context.now, by=context.by
            )
        context.report(f"the mapping {name} is kept")


@app.command("forget")
def forget(name: Name, dry_run: DryRun = False) -> None:
    """Let go of a mapping of your own, and of what was said of its words."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            forget_mapping(session, name)
        context.report(f"nothing of yours is kept under {name}")
