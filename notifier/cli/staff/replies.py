"""What staff do about what a patient wrote: reply to it, or close it."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from notifier.cli.context import command_context, enrollment_called
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import is_attended, note, print_json
from notifier.conversations.close import close_reply
from notifier.conversations.reply import find_reply, send_reply
from notifier.db.engine import reading
from notifier.domain.open_replies import TextsDecision

Whom = Annotated[
    str, typer.Argument(help="A reply's number, as `notifier replies` gives it; or an enrollment.", metavar="REPLY")
]


def reply(
    whom: Whom,
    text: Annotated[str, typer.Argument(help="What the patient shall read.")],
    enrollment: Annotated[bool, typer.Option("--enrollment", help="REPLY is an enrollment.")] = False,
    after: Annotated[
        int, typer.Option(help="The last reply of a colleague's that you have read, by its message.", metavar="MESSAGE")
    ] = 0,
    take_over: Annotated[bool, typer.Option("--take-over", help="Also where a colleague has taken it.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Reply to what a patient wrote: at any hour within 24 hours, later inside the send window while it is open."""
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
        for one in found.earlier if is_attended() and not yes and not as_json else ():
            note(f'{one.by.rpartition(":")[2]} has replied already: "{one.words}"')
            after = max(after, one.message)
        if not as_json:
            context.confirm(f'Send "{found.words}" to {found.phone} ({size}{forced})?', yes=yes)
        with context.change() as session:
            done = send_reply(
                session, found, rules=context.rules, now=context.now, by=context.by, after=after, take_over=take_over
            )
        if as_json:
            segments = {"segments": done.segments.count, "encoding": done.segments.encoding}
            message = None if only_show else done.message
            about = {"message": message, "enrollment": done.enrollment, "reply": done.reply, "text": done.words}
            print_json({**about, **segments, "dry_run": only_show})
        elif only_show:
            context.report(
                f'"{done.words}" leaves at once for {done.phone} ({size}{forced}); reply {done.reply} stays open'
            )
        else:
            see = f"to see it arrive: notifier explain {done.message}"
            context.report(f"message {done.message} leaves at once ({size}{forced}); {see}")


def close(
    number: Annotated[int, typer.Argument(help="The reply, as `notifier replies` gives it.", metavar="REPLY")],
    texts: Annotated[TextsDecision, typer.Option(help="What becomes of the texts that it holds.", show_default=False)],
    dry_run: DryRun = False,
) -> None:
    """Close what a patient wrote: the texts go on, stay held, or end."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            done = close_reply(session, number, texts, now=context.now, by=context.by)
        if done.already:
            context.report("it was closed already")
            return
        context.report(f"closed; {_WHAT_NEXT[texts]}")
        for lift in done.lifts if not done.others else ():
            context.report(f"{lift.step}, held meanwhile, leaves at the next open hour (message {lift.id})")
        for other in done.others:
            context.report(f"texts still wait: {other.reason}")


_WHAT_NEXT: Final = {
    TextsDecision.GO_ON: "the patient's texts go on",
    TextsDecision.STAY_HELD: "the patient's texts stay held; to let them go on: notifier release PHONE",
    TextsDecision.END: "nothing more is sent to this number",
}
