"""What staff do about what a patient wrote: reply to it, or close it."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import command_context, enrollment_called
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import is_attended, print_json
from notifier.conversations.inbox import the_reply
from notifier.conversations.reply import find_reply, send_reply
from notifier.conversations.triage import close_reply
from notifier.db.engine import reading
from notifier.numbers.holds import open_holds
from notifier.numbers.release import release

Whom = Annotated[
    str, typer.Argument(help="A reply's number, as `notifier replies` gives it; or an enrollment.", metavar="REPLY")
]


def reply(
    whom: Whom,
    text: Annotated[str, typer.Argument(help="What the patient shall read.")],
    enrollment: Annotated[bool, typer.Option("--enrollment", help="REPLY is an enrollment.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Reply to a patient within 24 hours of the patient's message, at any hour."""
    only_show = dry_run or (as_json and not yes and is_attended())
    with command_context(writes_texts=True, dry_run=only_show) as context:
        with reading(context.engine) as session:
            of_enrollment = enrollment or not (whom.isascii() and whom.isdigit())
            whose = enrollment_called(session, whom) if of_enrollment else None
            which = None if of_enrollment else int(whom)
            found = find_reply(
                session, text, rules=context.rules, now=context.now, reply_id=which,
                enrollment_id=whose)  # fmt: skip
        size = f"{found.segments.count} segment{'s' if found.segments.count > 1 else ''}, {found.segments.encoding}"
        forced = f" because of {found.segments.forced_by!r}" if found.segments.forced_by else ""
        if not as_json:
            context.confirm(f'Send "{found.words}" to {found.phone} ({size}{forced})?', yes=yes)
        with context.change() as session:
            done = send_reply(session, found, rules=context.rules, now=context.now, by=context.by)
        if as_json:
            segments = {"segments": done.segments.count, "encoding": done.segments.encoding}
            message = None if only_show else done.message
            about = {"message": message, "enrollment": done.enrollment, "reply": done.reply, "text": done.words}
            print_json({**about, **segments, "dry_run": only_show})
        elif only_show:
            context.report(
                f'"{done.words}" leaves at once for {done.phone} ({size}{forced}), and reply {done.reply} is closed'
            )
        else:
            see = f"to see it arrive: notifier explain {done.message}"
            context.report(f"message {done.message} leaves at once ({size}{forced}); {see}")


def close(
    number: Annotated[int, typer.Argument(help="The reply, as `notifier replies` gives it.", metavar="REPLY")],
    release_too: Annotated[bool, typer.Option("--release", help="And let the patient's texts leave again.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Say that somebody has read a reply and done what it needed."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            phone = the_reply(session, number).phone
            new = close_reply(session, number, now=context.now, by=context.by)
            held = bool(open_holds(session, phone))
            if release_too and held:
                release(session, phone, now=context.now, by=context.by)
        closed = "closed" if new else "it was closed already"
        context.report(f"{closed}; the patient's texts leave again" if release_too and held else closed)
