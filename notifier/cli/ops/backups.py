"""`notifier backup` and `notifier restore`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from sqlalchemy import Engine

from notifier.bootstrap.key_set import key_place
from notifier.bootstrap.planning import build_clock
from notifier.cli.context import CommandContext, archive, command_context
from notifier.cli.errors import Failed
from notifier.cli.options import DryRun, Yes
from notifier.cli.output import confirm, note, write_file
from notifier.cli.running import terminal, who
from notifier.config.key_file import keys_in, read_key_file
from notifier.config.settings import load_settings
from notifier.db.engine import file_of, open_engine
from notifier.domain.refused import Refused
from notifier.maintenance.backup_age import erased_since, known_up_to, refuse_too_old
from notifier.maintenance.backups import back_up, check_backup, check_place, check_replacement, put_in_place
from notifier.maintenance.compare_audit_copy import RESTORED
from notifier.maintenance.encryption import opened
from notifier.maintenance.forgetting.provider_deletions import LONGEST_RESTORE
from notifier.maintenance.rotation import backup_name, rotate
from notifier.scheduler.worker_lock import AnotherWorker, only_worker
from notifier.sending.gates.recoveries import begin_after_restore

_STDOUT: Final = "-"
_THEN = "nothing is sent until Twilio was asked what left since: notifier recover --plan, then --apply"


def backup(
    file: Annotated[
        Path, typer.Argument(help="Where to write it, where nothing is yet; with --keep-…: a directory; -: stdout.")
    ],
    keep_daily: Annotated[int | None, typer.Option(min=0, help="Of so many days one stays.")] = None,
    keep_weekly: Annotated[int | None, typer.Option(min=0, help="Of so many weeks one stays.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Write a copy of the SQLite database as of this moment, while others write to it."""
    rotates = keep_daily is not None or keep_weekly is not None
    with archive() as context:
        if str(file) == _STDOUT:
            _to_stdout(context, rotates=rotates, dry_run=dry_run)
            return
        if rotates and not file.is_dir():
            raise Refused(f"with --keep-daily or --keep-weekly, name a directory: {file} is none")
        to = file / backup_name(context.now) if rotates else file
        if dry_run:
            size = check_place(context.engine, to, context.now).stat().st_size
            note(f"dry run, nothing is written: {to}, at most {size:,} bytes")
        else:
            key_file = context.settings.key_file
            keys = keys_in(key_file) if key_file else None
            size = back_up(context.engine, to, now=context.now, by=context.by, keys=keys)
            _say_written(f"{to}, ", size, key_file)
        if rotates:
            _rotate(to, daily=keep_daily or 0, weekly=keep_weekly or 0, dry_run=dry_run)


def _to_stdout(context: CommandContext, *, rotates: bool, dry_run: bool) -> None:
    """By way of a file beside the database, which is gone once it is written: a copy is whole, or nobody gets it."""
    if rotates:
        raise Refused("- is stdout, where nothing rotates: name a directory, or leave --keep-… out")
    if sys.stdout.isatty() and not dry_run:
        raise Refused("a backup is no text for a terminal: write notifier backup - > FILE, or pipe it")
    file, key_file = file_of(context.engine), context.settings.key_file
    with TemporaryDirectory(prefix=".notifier-backup-", dir=file.absolute().parent if file else None) as place:
        to = Path(place, "backup")
        if dry_run:
            size = check_place(context.engine, to, context.now).stat().st_size
            note(f"dry run, nothing is written: at most {size:,} bytes")
            return
        keys = keys_in(key_file) if key_file else None
        size = back_up(context.engine, to, now=context.now, by=context.by, keys=keys)
        try:
            write_file(to)
        except BrokenPipeError:
            raise Failed("whoever read it ended before its end: what has come there is no backup") from None
    _say_written("", size, key_file)


def _say_written(where: str, size: int, key_file: Path | None) -> None:
    if key_file:
        note(f"written: {where}{size:,} bytes, checked and encrypted; it opens with {key_file} alone")
    else:
        note(f"written: {where}{size:,} bytes, checked; patients are in it, so only you may read it")
        note("it is not encrypted: to have it so, set NOTIFIER_KEY_FILE, and keep a copy of that file elsewhere")


def _rotate(new: Path, *, daily: int, weekly: int, dry_run: bool) -> None:
    try:
        gone = rotate(new.parent, daily=daily, weekly=weekly, beside=(new.name,), dry_run=dry_run)
    except OSError as error:
        raise Failed(f"an old backup in {new.parent} could not be deleted ({error.strerror}): look there") from None
    if gone:
        note(f"{'would be deleted' if dry_run else 'deleted'}: {', '.join(gone)}")


def restore(
    file: Annotated[Path | None, typer.Argument(help="What notifier backup has written.")] = None,
    since: Annotated[str | None, typer.Option(help="Without FILE: it was put in place by hand, as of then.")] = None,
    too_old: Annotated[
        bool,
        typer.Option("--too-old", help=f"Also of more than {LONGEST_RESTORE.days} days ago: a text may leave again."),
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Put a backup in the place of the SQLite database; the replaced one is kept beside it."""
    if (file is None) == (since is None):
        raise Refused("name the backup FILE; or, where other tools have put it in place, its moment with --since")
    if file is not None:
        _put_in_place(file, too_old=too_old, dry_run=dry_run, yes=yes)
    else:
        _is_in_place(since or "", too_old=too_old, dry_run=dry_run)


def _put_in_place(file: Path, *, too_old: bool, dry_run: bool, yes: bool) -> None:
    settings = load_settings()
    by = who(settings.staff)
    now, engine = build_clock(settings).now(), open_engine(settings.database_url.get_secret_value())
    try:
        place = key_place(settings, engine)
        keys = read_key_file(place) if place is not None and place.exists() else None
        with opened(file, keys, file_of(engine) or file) as plain:
            check_backup(plain)
            if not too_old:
                refuse_too_old(known_up_to(plain), now)
            _replace(engine, plain, file, now=now, by=by, dry_run=dry_run, yes=yes)
    finally:
        engine.dispose()


def _replace(engine: Engine, plain: Path, file: Path, *, now: datetime, by: str, dry_run: bool, yes: bool) -> None:
    try:
        if dry_run:
            replaced = check_replacement(engine, plain)
            note(f"dry run, nothing is changed: {replaced} is replaced by {file}, and kept beside it")
            note(_THEN)
            return
        confirm(f"Replace the database by {file}?", yes=yes)
        with only_worker(engine, now):
            kept, up_to = put_in_place(engine, plain, now=now, by=by, source=terminal())
    except AnotherWorker as error:
        raise Failed(str(error)) from None
    beside = f"; the replaced one is {kept}" if kept else ""
    note(f"restored, as of {up_to:%Y-%m-%d %H:%M} UTC{beside}")
    place = file_of(engine)
    if kept and place and (back := erased_since(kept, place)):
        note(f"erased since then, and back now; erase them again: enrollment {', '.join(map(str, back))}")
    note(_THEN)


def _is_in_place(since: str, *, too_old: bool, dry_run: bool) -> None:
    try:
        up_to = datetime.fromisoformat(since)
    except ValueError:
        up_to = None
    if up_to is None or up_to.tzinfo is None:
        raise Refused(f'--since "{since}" is no instant; write it with its offset, like 2026-03-07T02:00Z')
    with command_context(dry_run=dry_run) as context:
        if up_to > context.now:
            raise Refused(f"--since {since} is in the future; write the moment of the backup")
        if not too_old:
            refuse_too_old(up_to, context.now)
        with context.change() as session:
            begin_after_restore(session, up_to=up_to, now=context.now, by=context.by)
            context.record(session, f"{RESTORED} by hand, as of {up_to:%Y-%m-%d %H:%M} UTC")
        context.report(_THEN)
