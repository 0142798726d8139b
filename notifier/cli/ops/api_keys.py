"""`notifier api-key …`: which programs may use the API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from notifier.access.api_keys import add_key, all_keys, revoke_key
from notifier.cli.context import command_context
from notifier.cli.options import DryRun, Json, WhichOffice
from notifier.cli.output import note, print_json, print_table, show
from notifier.cli.running import terminal
from notifier.db.engine import reading
from notifier.db.tables import Scope
from notifier.domain.offices import choose_office

app = typer.Typer(help="Which programs may use the API.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The program that uses the key.", metavar="NAME")]
Scopes = Annotated[list[Scope] | None, typer.Option("--scope", help="What it may do; may be given several times.")]


@app.command("add")
def add(name: Name, scope: Scopes = None, office: WhichOffice = None, dry_run: DryRun = False) -> None:
    """A new key; it is printed this once."""
    with command_context(creates=True, dry_run=dry_run) as context:
        bound = choose_office(office, context.rules.offices) if office else None
        with context.change() as session:
            key = add_key(session, name, scope or (), office=bound, now=context.now, by=context.by, source=terminal())
        if dry_run:
            context.report(f"added: {name}, which may {', '.join(sorted(set(scope or ())))}; its key is printed then")
            return
    note("the key, shown this once; send it as `Authorization: Bearer KEY`:")
    show(key)


@app.command("revoke")
def revoke(name: Name, dry_run: DryRun = False) -> None:
    """The key opens nothing from now on."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            revoke_key(session, name, now=context.now, by=context.by, source=terminal())
        context.report(f"revoked: {name}")


@app.command("list")
def list_keys(as_json: Json = False) -> None:
    """Every key there ever was, by its first characters."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found: list[dict[str, Any]] = [
            {
                "name": one.name,
                "prefix": one.prefix,
                "scopes": one.scopes,
                "office": one.office,
                "created_at": one.created_at.isoformat(),
                "seen_at": one.seen_at.isoformat() if one.seen_at else None,
                "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
            }
            for one in all_keys(session)
        ]
    if as_json:
        print_json(found)
        return
    rows = [
        (one["name"], f"{one['prefix']}…", _may(one), (one["seen_at"] or "never")[:16], _works(one)) for one in found
    ]
    print_table(
        ("name", "key", "may", "last used (UTC)", "works"),
        rows,
        empty="there is no key; see: notifier api-key add --help",
    )


def _may(key: dict[str, Any]) -> str:
    where = f" at {key['office']}" if key["office"] else ""
    return f"{', '.join(key['scopes'])}{where}"


def _works(key: dict[str, Any]) -> str:
    return f"revoked {key['revoked_at'][:10]}" if key["revoked_at"] else "yes"
