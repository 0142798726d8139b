"""All commands, in the order in which `notifier --help` lists them."""

from __future__ import annotations

import typer

from notifier.cli import (
    alerts,
    answering,
    api_keys,
    backups,
    change,
    database,
    decisions,
    demo,
    doctor,
    enroll,
    importing,
    life,
    lists,
    protocols,
    recovering,
    running,
    service,
    staff,
    timeline,
)

app = typer.Typer(
    help="Aftercare texts for skin clinics: the right thing at the right hour, once, and never after STOP.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("run")(running.run)
app.command("worker")(running.worker)
app.command("web")(running.web)
app.command("timeline")(timeline.timeline)
app.command("enroll")(enroll.enroll)
app.command("import")(importing.import_file)
app.command("treated")(life.treated)
app.command("no-show")(life.no_show)
app.command("change")(change.change)
app.command("cancel")(life.cancel)
app.command("hold")(life.hold)
app.command("resume")(life.resume)
app.command("due")(lists.due)
app.command("enrollments")(lists.enrollments)
app.command("show")(lists.show)
app.command("explain")(lists.explain)
app.command("replies")(lists.replies)
app.command("reply")(answering.reply)
app.command("close")(answering.close)
app.command("opt-outs")(lists.opt_outs)
app.command("opt-out")(decisions.opt_out)
app.command("release")(decisions.release)
app.command("review")(decisions.review)
app.command("pause")(decisions.pause)
app.command("unpause")(decisions.unpause)
app.add_typer(decisions.circuit, name="circuit")
app.add_typer(protocols.app, name="protocols")
app.command("alerts")(alerts.alerts)
app.command("doctor")(doctor.doctor)
app.command("recover")(recovering.recover)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.add_typer(staff.app, name="staff")
app.add_typer(api_keys.app, name="api-key")
app.add_typer(database.app, name="db")
app.add_typer(service.app, name="service")
