"""`notifier audit …`: who saw whom and did what, and whether anything of that was changed since."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from notifier.access.audit_log import audited, shown_in
from notifier.access.seal_audit_log import seal_entries, sealed_with
from notifier.access.verify_audit_log import Verified, verify
from notifier.bootstrap.key_set import key_place
from notifier.cli.context import CommandContext, command_context, enrollment_called
from notifier.cli.errors import Failed
from notifier.cli.options import DryRun, Json, WhichEnrollment
from notifier.cli.output import note, print_json, print_table, show
from notifier.cli.timeline_table import local
from notifier.config.key_file import make_key_file, read_key_file
from notifier.db.engine import reading, writing
from notifier.db.enrollments import of_same_person
from notifier.db.tables import StaffAudit
from notifier.domain.counted import counted
from notifier.domain.key_set import key_id
from notifier.domain.refused import Refused
from notifier.maintenance.compare_audit_copy import compare

app = typer.Typer(help="Who saw and did what, and whether the record of it is whole.", no_args_is_help=True)
Most = Annotated[int, typer.Option("--limit", min=1, help="At most so many, the latest first.")]


@app.command("who-saw")
def who_saw(enrollment: WhichEnrollment, most: Most = 1000, as_json: Json = False) -> None:
    """Who saw this patient, in any enrollment of the same name and number, or did something about them."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        theirs = of_same_person(session, enrollment_called(session, enrollment))
        entries = audited(session, most, enrollments=theirs)
        listed = shown_in(session, [one.id for one in entries if one.id]).items()
        in_lists = {entry: [one for one, _ in shown if one in theirs] for entry, shown in listed}
    _print(context, entries, in_lists, as_json, empty="nobody has looked at this patient")


@app.command("show")
def show_log(
    by: Annotated[str | None, typer.Option(help="Only of this one, such as staff:Dana, api:EHR or cli:dana.")] = None,
    most: Most = 100,
    as_json: Json = False,
) -> None:
    """The latest entries of the audit log."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        entries = audited(session, most, by=by)
        shown = shown_in(session, [one.id for one in entries if one.id])
        context.shows(one.enrollment_id for one in entries)
        context.shows(enrollment for listed in shown.values() for enrollment, _ in listed)
    _print(context, entries, {entry: [one for one, _ in listed] for entry, listed in shown.items()}, as_json, empty="-")


@app.command("verify")
def verify_log(
    copy: Annotated[
        Path | None, typer.Option(help="The copy on another machine; NOTIFIER_AUDIT_COPY unless said.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Follow the chain from its beginning; exit 1 where something was changed or taken away, and say where."""
    with command_context(read_only=True) as context:
        place = key_place(context.settings, context.engine)
        if place is None or not place.exists():
            raise Refused(f"the key file {place} is not here: without it nobody can say who sealed the audit log")
        keys = read_key_file(place)
        with reading(context.engine) as session:
            found = verify(session, keys)
        said = context.settings.audit_copy
        copy = copy or (Path(said) if said not in (None, "log") else None)
        try:
            with reading(context.engine) as session:
                beside = compare(session, copy) if copy else None
        except OSError as error:
            raise Refused(f"the copy {copy} cannot be read ({error.strerror})") from None
    wrong = [*found.wrong, *(beside.wrong if beside else ())]
    told = [*_unproven(found), *(beside.restored if beside else ())]
    if as_json:
        values = {
            "seals": found.seals, "entries": found.entries, "unsealed": found.unsealed, "events": found.events,
            "unsealed_events": found.unsealed_events,
        }  # fmt: skip
        until = found.until.isoformat() if found.until else None
        print_json({**values, "until": until, "wrong": wrong, "told": told, "copy": str(copy) if copy else None})
    else:
        _say(found, copy, beside.seals if beside else 0)
        for sentence in told:
            note(f"! {sentence}")
    if wrong:
        raise Failed("\n".join(["the audit log, or an event, is not as it was sealed:", *wrong]))


@app.command("new-key")
def new_key(
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")], dry_run: DryRun = False
) -> None:
    """After the key file is lost for good: make another one, and seal from here with that."""
    with command_context(dry_run=dry_run) as context:
        place = key_place(context.settings, context.engine)
        if place is None or place.exists():
            raise Refused(f"the key file {place} is there; to change the key, put a new line above in it")
        if dry_run:
            context.report(f"a new key is made in {place}")
            return
        keys = make_key_file(place)
        with writing(context.engine) as session:
            before = sealed_with(session)
            context.record(session, f"new key {key_id(keys.current)} after {before}: {reason}")
            seal_entries(session, keys, context.now)
    note(f"made: {place}; keep a copy of it, apart from the backups. Backups of the old key do not open any more")
    note("second factors neither: who has one signs in with a recovery code and sets it up anew, or is reset with")
    note("notifier staff reset-second-factor NAME")


def _unproven(found: Verified) -> list[str]:
    return [
        f"{counted(many, 'seal')} of key {key}, which is not in the key file: the chain is whole, and who "
        "made it nobody can say"
        for key, many in found.unproven.items()
    ]


def _say(found: Verified, copy: Path | None, copied: int) -> None:
    until = f", up to {found.until:%Y-%m-%d %H:%M} UTC" if found.until else ""
    what = f"{counted(found.entries, 'entry', 'entries')} and {counted(found.events, 'event')}"
    unsealed = f"{found.unsealed} and {found.unsealed_events} not sealed yet"
    show(f"{what} under {counted(found.seals, 'seal')}{until}; {unsealed}")
    if copy:
        note(f"of the copy {copy} {counted(copied, 'seal is', 'seals are')} in the database, and none is missing")
    else:
        note(
            "only a copy elsewhere can say that nothing was cut off at the end: set NOTIFIER_AUDIT_COPY, or say --copy"
        )


def _print(
    context: CommandContext, entries: list[StaffAudit], shown: dict[int, list[int]], as_json: bool, *, empty: str
) -> None:
    if as_json:
        print_json([_plain(one, shown.get(one.id or 0, [])) for one in entries])
        return
    zone = ZoneInfo(context.rules.timezone)
    rows = []
    for one in entries:
        whom = [one.enrollment_id] if one.enrollment_id else shown.get(one.id or 0, [])
        what = f"{one.what.replace('_', ' ')}: {one.about}" if one.about else one.what.replace("_", " ")
        source = ", ".join(part for part in (one.device, one.address) if part)
        rows.append((_seconds(one.at, zone), one.by, what, " ".join(map(str, whom)) or "-", source or "-"))
    print_table(("at", "who", "what", "enrollment", "from"), rows, empty=empty)


def _plain(one: StaffAudit, shown: list[int]) -> dict[str, Any]:
    values = one.model_dump(mode="json")
    return {**values, "shown": shown}


def _seconds(at: datetime, zone: ZoneInfo) -> str:
    return local(at, zone)
