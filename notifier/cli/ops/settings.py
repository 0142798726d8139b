"""`notifier settings`: what holds, and where each value came from."""

from __future__ import annotations

from notifier.cli.options import Json
from notifier.cli.output import note, print_json, print_table
from notifier.config.settings import effective, load_settings


def settings(as_json: Json = False) -> None:
    """Show every setting as it holds, secrets masked, and where it came from."""
    file, found = effective(load_settings())
    if as_json:
        print_json([{"name": one.name, "value": one.value, "source": one.source} for one in found])
        return
    rows = [(one.name, one.value if one.value is not None else "(not set)", one.source) for one in found]
    print_table(("setting", "value", "from"), rows, empty="there are no settings")
    note(f"the settings file is {file.absolute()}" if file else "there is no settings file; see .env.example")
