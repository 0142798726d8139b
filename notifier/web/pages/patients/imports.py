"""Import: a CSV is checked first, row by row, and written when somebody has seen what it means."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, get_args

from starlette.responses import JSONResponse, Response

from notifier.db.engine import reading, writing
from notifier.domain.counted import counted
from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import read_csv
from notifier.enrollments.importing.failed_rows import FailedRow, Table, failed_rows, write_failed_rows
from notifier.enrollments.importing.file_change import PASSED
from notifier.enrollments.importing.import_rows import Progress, import_rows
from notifier.enrollments.importing.mappings.apply import FileReader
from notifier.enrollments.importing.mappings.fitting import fitting_mappings
from notifier.enrollments.importing.mappings.mapping import NO_TEXTS, Visit
from notifier.enrollments.importing.mappings.registry import MappingFile, every_mapping
from notifier.enrollments.importing.mappings.stored import open_reader, own_mappings, remember
from notifier.enrollments.importing.meanings import RowMeaning
from notifier.enrollments.importing.report import ImportReport
from notifier.enrollments.importing.rows import OPTIONAL, WHEN, template
from notifier.oversight.naming import name_and_day, with_names
from notifier.tasks.imports import work_of_import
from notifier.tasks.pieces import find_tasks
from notifier.web.context import WebContext
from notifier.web.pages.desk.task_rows import typed_moment
from notifier.web.upload_form import read_upload
from notifier.web.uploads import LARGEST, Upload
from notifier.web.view import NotFound, Page, View, redirect

_MOST_SHOWN = 100
_ALL = 1_000_000
"""More faults than a file of the largest size has rows."""
POINT = "+"
"""In place of a mapping's name: there is none yet, and somebody points at the columns."""
_DIGITS = 13
_GONE = (
    "the file is not held here any more: it is kept for half an hour, in this sign-in alone, and never on the disk; "
    "choose it again"
)


def show(view: View) -> Response:
    """Choose a file; or what the chosen one means, or has become."""
    return _page(view, view.context.uploads.get(view.session_key, view.now))


def upload(view: View) -> Response:
    """Check a file. Nothing is written."""
    data: bytes = view.request.state.file
    if not data:
        return _page(view, None, problem="no file was chosen, or it is empty; choose a CSV file", status=422)
    mapping, consent, said_at = view.field("mapping"), view.field("consent"), _said_at(view)
    if mapping == POINT:
        view.context.uploads.put(view.session_key, data, view.now, consent=consent, said_at=said_at)
        return redirect("/import/columns")
    complete = view.field("complete") == "yes" and bool(mapping)
    held = view.context.uploads.put(
        view.session_key, data, view.now, mapping=mapping, consent=consent, complete=complete, said_at=said_at
    )
    view.note("did", "check an import")
    view.context.uploads.start(held, _work(view, held, dry_run=True))
    return redirect("/import")


def commit(view: View) -> Response:
    """Write the file that was looked at, once; where rows are bad, the good ones."""
    if view.context.missing:
        raise Refused(" ".join(view.context.missing))
    held = held_upload(view)
    if view.field("file") != held.digest:
        raise Refused("another file was chosen meanwhile; look at what that one means first")
    view.note("did", "import a file")
    work = _work(view, held, dry_run=False)

    def is_to_be_written() -> bool:
        if held.report is None or not held.report.dry_run:
            return False
        held.written_at = view.now
        return True

    view.context.uploads.start(held, work, once=is_to_be_written)
    return redirect("/import")


def say_words(view: View) -> Response:
    """Keep what somebody said of the file's words, and check the file anew."""
    held = held_upload(view)
    asked = enumerate(one for one, _ in held.unknown)
    said = {one: means for number, one in asked if (means := view.field(f"word{number}"))}
    context = view.context
    with writing(context.engine) as session:
        open_reader(session, held.mapping, context.protocols, context.rules, said=said)
        remember(session, held.mapping, said, now=view.now, by=view.who.by)
    context.uploads.start(held, _work(view, held, dry_run=True), once=lambda: not held.is_written)
    return redirect("/import")


def progress(view: View) -> Response:
    """How far it is, for the page's script."""
    held = view.context.uploads.get(view.session_key, view.now)
    if held is None:
        return JSONResponse({"busy": False})
    return JSONResponse({"busy": held.is_busy, "share": _share(held), "words": _progress_words(held)})


def forget(view: View) -> Response:
    """Let go of the file."""
    view.context.uploads.forget(view.session_key)
    return redirect("/import")


def download_failed(view: View) -> Response:
    """The bad rows as a file to mend and import, each with what is wrong."""
    held = held_upload(view)
    if held.is_busy or held.report is None:
        raise NotFound
    view.note("saw", "failed rows of an import")
    out = io.StringIO()
    write_failed_rows(out, _table(view.context, held), held.report.faults)
    return _csv(out.getvalue(), "failed-rows.csv")


def download_template(view: View) -> Response:
    """A sample that imports as it is."""
    context = view.context
    return _csv(template(context.protocols, context.rules, view.now.astimezone(context.zone)), "import-template.csv")


def held_upload(view: View) -> Upload:
    """The session's file. Raises Refused where it is not held any more."""
    held = view.context.uploads.get(view.session_key, view.now)
    if held is None:
        raise Refused(_GONE)
    return held


def start_check(view: View, held: Upload) -> None:
    """Check the file through a mapping that it has only now."""
    held.report, held.unknown = None, ()
    view.context.uploads.start(held, _work(view, held, dry_run=True))


def _work(view: View, held: Upload, *, dry_run: bool) -> Any:
    context, now, by = view.context, view.now, view.who.by

    informed = view.field("informed") or None
    chosen = set(view.fields.getlist("end"))

    def work(progress: Progress) -> ImportReport:
        # What is bad has been seen by now, so the good rows go in without it.
        run = partial(import_rows, context.engine, held.data, protocols=context.protocols, rules=context.rules)
        run = partial(run, dry_run=dry_run, skip_bad=not dry_run, most_faults=_ALL, informed=informed)
        run = partial(run, said_at=held.said_at)
        run = partial(run, now=now, by=by, progress=progress)
        if (reader := _reader(context, held)) is None:
            return run()
        report = run(
            read=reader.rows, passed=PASSED, visits=reader.visits, end=lambda one: str(one.enrollment) in chosen
        )
        held.unknown = tuple(reader.unknown.most_common())
        return report

    return work


def _said_at(view: View) -> datetime | None:
    """When the file was last changed, as the browser says it (milliseconds since 1970), or a person without scripts.

    None where that is less than a minute ago, or nobody says it. Raises Refused for a typed time that is none.
    """
    changed = view.field("changed")
    if changed.isdecimal() and len(changed) <= _DIGITS:
        at = datetime.fromtimestamp(int(changed) / 1000, UTC)
    else:
        at = typed_moment(view, "exported") or view.now
    return at if at < view.now - timedelta(minutes=1) else None


def _reader(context: WebContext, held: Upload) -> FileReader | None:
    if not held.mapping:
        return None
    with reading(context.engine) as session:
        return open_reader(
            session, held.mapping, context.protocols, context.rules, consent=held.consent, complete=held.complete
        )


def _table(context: WebContext, held: Upload) -> Table:
    """The file as it stands."""
    reader = _reader(context, held)
    return reader.original(held.data) if reader else read_csv(held.data)


def _mappings(view: View) -> list[MappingFile]:
    with reading(view.context.engine) as session:
        return every_mapping(own_mappings(session))


def _meanings(context: WebContext, what: str) -> list[tuple[str, str]]:
    """What a word may mean, and how the page says it."""
    match what:
        case "service":
            return [(NO_TEXTS, "no texts"), *((key, one.title) for key, one in context.protocols.items())]
        case "status":
            return [(one, one) for one in get_args(Visit)]
        case "consent":
            return [("yes", "yes: the patient agreed"), ("no", "no")]
    return [(one.id, one.voice.clinic) for one in context.rules.choices]


def _page(view: View, held: Upload | None, *, problem: str | None = None, status: int = 200) -> Response:
    values: dict[str, Any] = {"held": held, "problem": problem or (held.problem if held else None)}
    values |= {"most": LARGEST, "most_shown": _MOST_SHOWN, "missing": view.context.missing, "report": None}
    if held is not None and held.is_busy:
        values |= {"share": _share(held), "words": _progress_words(held)}
    elif held is not None and held.report is not None:
        values |= {
            "report": held.report,
            "to_write": _to_write(held.report),
            "absent": [] if held.is_written else held.report.absent,
            "rows": _shown(view.context, held, held.report),
        }
        values |= {"unknown": [(one, rows, _meanings(view.context, one.what)) for one, rows in held.unknown]}
        values |= {"counts": _counts(held.report), "to_tell": _to_tell(view, held)}
        with view.context.visible_session() as session:
            values["for_staff"] = with_names(session, held.report.for_staff[:_MOST_SHOWN], name_and_day)
    passed = () if view.context.rules.choices else ("office",)
    columns = [name for name in OPTIONAL if name not in (*WHEN, *passed)]
    values["mappings"] = every = _mappings(view) if values["report"] is None else []
    values["fits"] = fitting_mappings(held.data, every) if held and held.problem and not held.mapping else []
    return view.page("import.html", status=status, columns=columns, **values)


def _shown(context: WebContext, held: Upload, report: ImportReport) -> list[FailedRow]:
    reader = _reader(context, held)
    return failed_rows(reader.named(held.data) if reader else read_csv(held.data), report.faults[:_MOST_SHOWN])


def _to_tell(view: View, held: Upload) -> int:
    """How much of what this import has enrolled no text will say, and nobody has said yet."""
    if not held.is_written or held.written_at is None:
        return 0
    with view.context.visible_session() as session:
        refs = work_of_import(session, held.written_at, view.now)
        return len(find_tasks(session, refs, view.now))


def _to_write(report: ImportReport) -> int:
    """Rows that change something."""
    changes = sum(report.counts[one] for one in (RowMeaning.NEW, RowMeaning.CHANGED, RowMeaning.ENDED))
    return changes + len(report.withdrawn)


def _counts(report: ImportReport) -> list[tuple[str, int]]:
    words = {
        RowMeaning.NEW: "new",
        RowMeaning.CHANGED: "changed",
        RowMeaning.ENDED: "cancelled or no-show",
        RowMeaning.SAME: "known and unchanged",
        RowMeaning.NEVER_TEXTED: "of people who must never be texted",
        RowMeaning.PASSED_BY: "without texts, or cancelled before they were enrolled",
    }
    ended = [("ended, as they were not in the file", report.ended)] if report.ended else []
    waits = [("whose consent was withdrawn: their texts wait", len(report.withdrawn))] if report.withdrawn else []
    return [*((words[one], report.counts[one]) for one in words if report.counts[one]), *ended, *waits]


def _share(held: Upload) -> float:
    return round(held.done / held.of, 3) if held.of else 0.0


def _progress_words(held: Upload) -> str:
    if not held.of:
        return "Reading the file …"
    return f"{held.done:,} of {counted(held.of, 'row')} {held.what} …"


def _csv(content: str, name: str) -> Response:
    # With a mark, because without it spreadsheets read UTF-8 as something else.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


PAGES = (
    Page("GET", "/import", show),
    Page("POST", "/import", upload, read=read_upload),
    Page("POST", "/import/commit", commit),
    Page("POST", "/import/words", say_words),
    Page("POST", "/import/forget", forget),
    Page("GET", "/import/progress", progress),
    Page("GET", "/import/failed-rows.csv", download_failed),
    Page("GET", "/import/template.csv", download_template),
)
