"""A mapping made on the page: point at the columns of a file that nobody knows yet, see its rows as read, keep it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.domain.refused import Refused
from notifier.enrollments.importing.files.read_file import read_file
from notifier.enrollments.importing.mappings.apply import HEADER, FileReader
from notifier.enrollments.importing.mappings.guessed import guess
from notifier.enrollments.importing.mappings.mapping import check_pattern, read_mapping
from notifier.enrollments.importing.mappings.pointed import PointedColumns
from notifier.enrollments.importing.mappings.registry import find_mapping, shipped
from notifier.enrollments.importing.mappings.roles import Says, header_row
from notifier.enrollments.importing.mappings.stored import own_mappings, save_mapping
from notifier.enrollments.importing.mappings.table import made_columns
from notifier.web.pages.patients.imports import held_upload, start_check
from notifier.web.uploads import Upload
from notifier.web.view import Page, View, redirect

_LOOKED_AT: Final = 500
_BESIDE: Final = 3
_AS_READ: Final = 8
_LONGEST_NAME: Final = 40
_NOTHING_SAID: Final = dict.fromkeys(("order", "clock", "how", "consent", "complete", "name"), "")
_MOST_COLUMNS: Final = 200
"""So many may be pointed at."""
_ROLES: Final = {
    Says.NAME: "Name", Says.FIRST: "First name", Says.LAST: "Last name", Says.PHONE: "Mobile number",
    Says.DATE: "Date (and time)", Says.TIME: "Time of the start", Says.END: "Time of the end",
    Says.MINUTES: "Minutes it takes", Says.SERVICE: "Service", Says.STATUS: "Status", Says.CONSENT: "Consent to texts",
    Says.PROVIDER: "Provider", Says.OFFICE: "Office", Says.VISIT: "Number of the visit",
    Says.CLIENT: "Number of the client", Says.TIMEZONE: "Time zone",
}  # fmt: skip


def show(view: View) -> Response:
    """The file's columns with what is probably in each."""
    held = held_upload(view)
    return _page(view, held, held.pointed or None)


def point(view: View) -> Response:
    """Show the rows as they would be read; or keep the mapping and check the whole file through it."""
    held = held_upload(view)
    said = {name: value for name, value in view.fields.items() if name != "form"}
    try:
        pointed = _pointed(held, said)
        content = pointed.toml()
        if said.get("do") == "keep":
            name = _name(said)
            _keep(view, held, name, content)
            held.mapping, held.consent, held.pointed = name, said.get("consent", "").strip(), said
            view.note("did", "make a mapping")
            start_check(view, held)
            return redirect("/import")
        mapping, consent = read_mapping(content, "new"), said.get("consent", "").strip()
        reader = FileReader("new", mapping, view.context.protocols, view.context.rules, consent)
        rows = list(islice(reader.rows(held.data), 1, 1 + _LOOKED_AT))
    except Refused as why:
        return _page(view, held, said, problem=str(why), status=422)
    as_read = [(number, _shown(row), str(row)) for number, row in rows if row is not None]
    return _page(view, held, said, as_read=as_read[:_AS_READ], many=len(rows))


def read_as(view: View) -> Response:
    """Check the file anew, as one of the system that its columns fit."""
    held = held_upload(view)
    with reading(view.context.engine) as session:
        held.mapping = find_mapping(view.field("mapping"), own_mappings(session)).name
    held.consent = view.field("consent") or held.consent
    view.note("did", "check an import")
    start_check(view, held)
    return redirect("/import")


def _shown(row: list[str] | Refused | None) -> dict[str, Any] | None:
    """A row as read by its columns' names, and when the visit is; None for one that is refused."""
    if not isinstance(row, list):
        return None
    named = dict(zip(HEADER, row, strict=False))
    return {**named, "at": datetime.fromisoformat(named["treated_at"] or named["appointment_at"])}


def _keep(view: View, held: Upload, name: str, content: str) -> None:
    """Under a name that nothing else has. Raises Refused."""
    if held.is_busy or held.is_written:
        raise Refused("this file is being imported already; choose it again")
    with writing(view.context.engine) as session:
        taken = {*shipped(), *own_mappings(session)} - {held.mapping if held.pointed else ""}
        if name in taken:
            raise Refused(f'there is a mapping "{name}" already; choose another name', "name")
        save_mapping(session, name, content, now=view.now, by=view.who.by)


def _pointed(held: Upload, said: dict[str, str] | None) -> PointedColumns:
    """What was said, or else what is probable. Raises Refused for a file that cannot be read, or has no table."""
    rows = list(islice(read_file(held.data), _LOOKED_AT))
    if said is None:
        return guess("", rows)
    place = next((at for at, (number, _) in enumerate(rows) if str(number) == said.get("line")), header_row(rows))
    title = said.get("name", "").strip()[:80] or "Pointed at"
    if said.get("line") != said.get("line-was"):
        return guess(title, rows, place=place)
    guessed = guess(title, rows, place=place, split=_split(rows[place][1], said))
    known: dict[str, Says | None] = {role.value: role for role in Says}
    roles = {
        at: role
        for at, name in enumerate(guessed.header)
        if name and (role := known.get(said[f"column{at}"]) if f"column{at}" in said else guessed.roles.get(at))
    }
    return replace(
        guessed, roles=roles, order=said.get("order", ""), how=said.get("how", "").strip(),
        timezone="UTC" if said.get("clock") == "UTC" else "", complete=said.get("complete") == "yes",
    )  # fmt: skip


def _split(header: list[str], said: dict[str, str]) -> dict[str, str]:
    """The column that says two things, as somebody wrote it. Raises Refused for a pattern that makes no columns."""
    column, pattern = said.get("split", ""), said.get("pattern", "").strip()
    if not column or not pattern or column not in header:
        return {}
    check_pattern(pattern)
    return {column: pattern}


def _page(view: View, held: Upload, said: dict[str, str] | None, *, status: int = 200, **values: Any) -> Response:
    try:
        pointed = _pointed(held, said)
    except Refused as why:
        return view.page("error.html", status=422, sentence=f"{str(why)[:1].upper()}{str(why)[1:]}.")
    rows = list(islice(read_file(held.data), _LOOKED_AT))
    many = len(pointed.header) - len(made_columns(pointed.split))
    line = next((number for number, cells in rows if cells == list(pointed.header)[:many]), 1)
    columns = [
        (at, name, [row[at] for row in pointed.rows if at < len(row) and row[at]][:_BESIDE], pointed.roles.get(at, ""))
        for at, name in enumerate(pointed.header)
        if name
    ][:_MOST_COLUMNS]
    return view.page(
        "import_columns.html", status=status, about="columns of a file", columns=columns, roles=_ROLES, line=line,
        said={**_NOTHING_SAID, **(said or {"consent": held.consent})}, asks_order=pointed.asks_order,
        split=next(iter(pointed.split.items()), ("", "")),
        has_consent=Says.CONSENT in pointed.roles.values(),
        **{"problem": None, "as_read": None, "many": 0, **values},
    )  # fmt: skip


def _name(said: dict[str, str]) -> str:
    """ "Lakeside bookings" is kept as lakeside-bookings."""
    plain = unicodedata.normalize("NFKD", said.get("name", "")).encode("ascii", "ignore").decode().lower()
    if not (name := re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_NAME].strip("-")):
        raise Refused("give it a name, such as the one of the booking system", "name")
    return name


PAGES = (
    Page("GET", "/import/columns", show),
    Page("POST", "/import/columns", point),
    Page("POST", "/import/read-as", read_as),
)
"""Whoever may import may teach the page a file's shape."""
