"""Finding patients, and the list of them."""

from __future__ import annotations

import io
import sys
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from notifier.cli.context import command_context
from notifier.cli.options import Json
from notifier.cli.output import is_attended, note, print_json, print_table, write
from notifier.cli.timeline_table import local
from notifier.db.engine import reading
from notifier.domain.states import EnrollmentState
from notifier.oversight.patient_list import (
    MOST_LISTED,
    PatientLine,
    PatientPage,
    PatientQuery,
    TextSummary,
    patient_page,
)
from notifier.oversight.patient_table import page_json, write_patients

PageNumber = Annotated[int, typer.Option("--page", min=1, help="Which page of fifty.")]


def find(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names in any order, digits of a number, your own id, who treated. Left out, they are asked for or "
            "read from the input: what is typed with a command stays in the shell's history."
        ),
    ] = None,
    page: PageNumber = 1,
    as_json: Json = False,
) -> None:
    """Find patients by name, a part of their number, a former one, your own id or who treated them."""
    typed = " ".join(words or ())
    if not typed:
        typed = typer.prompt("Whom", err=True) if is_attended() else sys.stdin.readline()
    _list(PatientQuery(typed.strip()), page, as_json=as_json, as_csv=False, empty="nobody is found")


def patients(
    state: Annotated[EnrollmentState | None, typer.Option(help="Only those in this state.")] = None,
    protocol: Annotated[str | None, typer.Option(help="Only those on this protocol.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only those treated by this person.")] = None,
    office: Annotated[str | None, typer.Option(help="Only those of this office.")] = None,
    unread: Annotated[bool, typer.Option("--unread", help="Only who wrote something that nobody has closed.")] = False,
    page: PageNumber = 1,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all of them as CSV.")] = False,
    as_json: Json = False,
) -> None:
    """Who is enrolled, with the last text and the next one; who wrote something unread comes first."""
    query = PatientQuery("", state, protocol, provider, office, unread)
    empty = "nobody is enrolled" if query == PatientQuery("") else "nobody like that is enrolled"
    _list(query, page, as_json=as_json, as_csv=as_csv, empty=empty)


def _list(query: PatientQuery, number: int, *, as_json: bool, as_csv: bool, empty: str) -> None:
    with command_context(read_only=True) as context, reading(context.engine) as session:
        page = patient_page(session, query, size=MOST_LISTED) if as_csv else patient_page(session, query, number)
        context.shows(line.enrollment.id for line in page.lines)
    home = ZoneInfo(context.rules.timezone)
    if as_json:
        print_json(page_json(page))
    elif as_csv:
        table = io.StringIO(newline="")
        write_patients(table, page.lines, home)
        write(table.getvalue())
        _say_what_is_left_out(page)
    else:
        rows = [_row(line, home) for line in page.lines]
        print_table(("enrollment", "patient", "protocol", "state", "last text", "next text"), rows, empty=empty)
        if page.pages > 1:
            note(f"page {page.number} of {page.pages}; {page.many} in all (--page {page.number + 1})")


def _say_what_is_left_out(page: PatientPage) -> None:
    if page.many > len(page.lines):
        note(f"the first {len(page.lines)} of {page.many}; narrow it to get the others")


def _row(line: PatientLine, home: ZoneInfo) -> tuple[str, ...]:
    one, zone = line.enrollment, ZoneInfo(line.enrollment.timezone)
    number = f"{one.id}{f' ({one.external_id})' if one.external_id else ''}"
    who = f"{one.name}, {one.phone}{' (unread)' if line.unread else ''}"
    treated = f"{one.protocol}{f', {one.provider}' if one.provider else ''}"
    texts = (_text(text, zone, home) for text in (line.last, line.next))
    return (number, who, treated, one.state.value.replace("_", "-"), *texts)


def _text(text: TextSummary | None, zone: ZoneInfo, home: ZoneInfo) -> str:
    return f"{text.step}, {text.state.value.replace('_', ' ')}, {local(text.at, zone, home)}" if text else "-"
