"""The clinic's own words over a protocol of the same id: kept elsewhere than in a file, said in the same TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, Final

from schedules.as_toml import as_toml
from schedules.catalogue import Catalogue, read_protocol, read_toml, shipped
from schedules.errors import ProtocolError
from schedules.extends import Extends, merge
from schedules.overlay_problems import locate
from schedules.protocol import CareProtocol
from schedules.toml_writing import toml_entries, toml_key, toml_value

Table = dict[str, Any]
_NO_DIFFERENCE: Final = {"extends", "based_on"}


def read_overlay(base: CareProtocol, toml_text: str) -> CareProtocol:
    """What the overlay of `base` comes to, under its id; the base itself where it says nothing.

    Raises ProtocolError: one line per problem, each with the line of the text.
    """
    data = overlay_table(base.id, toml_text)
    if data.get("extends") != base.id:
        raise ProtocolError(f'{base.id}.toml: extends must name the protocol itself: write extends = "{base.id}"')
    try:
        merged = merge(f"{base.id}.toml", data, base, tomllib.loads(as_toml(base)))
        return read_protocol(base.id, merged) if data.keys() - _NO_DIFFERENCE else base
    except ProtocolError as error:
        raise locate(toml_text, error, base.id) from None


def overlay_table(protocol_id: str, toml_text: str) -> Table:
    """The overlay parsed, and not checked yet. Raises ProtocolError for what is no TOML."""
    return read_toml(protocol_id, toml_text)


def overlaid(protocols: Catalogue, overlays: Mapping[str, str]) -> Catalogue:
    """The catalogue with these overlays, by protocol id. One that does not fit its base takes the protocol out."""
    known, unreadable, extends = dict(protocols), dict(protocols.unreadable), dict(protocols.extends)
    ships = shipped() if overlays else {}
    for protocol_id, text in overlays.items():
        base = protocols.get(protocol_id)
        if base is None:
            unreadable.setdefault(protocol_id, _lost(protocol_id))
            continue
        try:
            known[protocol_id] = words = read_overlay(base, text)
        except ProtocolError as error:
            del known[protocol_id]
            unreadable[protocol_id] = "\n".join(f"{line} (kept on the page)" for line in str(error).split("\n"))
        else:
            if words is not base:
                ours = ships.get(protocol_id)
                extends[protocol_id] = Extends(
                    base, overlay_table(protocol_id, text)["based_on"], on_the_page=True,
                    over_own_file=ours is not None and ours.version != base.version,
                )  # fmt: skip
    return Catalogue(known, unreadable, extends)


def _lost(protocol_id: str) -> str:
    return (
        f"{protocol_id}: the clinic's own words on the page are for a protocol that there is not any more; "
        f"put {protocol_id}.toml back into NOTIFIER_PROTOCOLS_DIR"
    )


def write_overlay(base: CareProtocol, data: Table) -> str:
    """The overlay as TOML: what it extends, then its lists, then a table for each restriction, question and step."""
    lines = [f"extends = {toml_value(base.id)}", f"based_on = {toml_value(data.get('based_on', base.version))}"]
    tables = {name: value for name, value in data.items() if isinstance(value, dict)}
    lines += [
        f"{toml_key(name)} = {toml_value(value)}"
        for name, value in data.items()
        if name not in tables and name not in _NO_DIFFERENCE
    ]
    for name, table in tables.items():
        plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
        if plain:
            lines += ["", f"[{name}]", *(f"{toml_key(key)} = {toml_value(value)}" for key, value in plain.items())]
        for key, value in table.items():
            if key not in plain:
                lines += ["", f"[{toml_key(name)}.{toml_key(key)}]"]
                lines += [line for field, inner in value.items() for line in toml_entries(toml_key(field), inner)]
    return "\n".join(lines) + "\n"
