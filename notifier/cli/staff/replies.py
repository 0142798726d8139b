"""What staff do about what a patient wrote: reply to it, or close it."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from sqlalchemy.orm import Session

from notifier.bootstrap.sending import answer_rules
from notifier.cli.context import CommandContext, command_context, enrollment_called
from notifier.cli.options import DryRun, Json, LeaveOut, Yes
from notifier.cli.output import is_attended, note, print_json
from notifier.cli.staff.decisions import report_lifts
from notifier.conversations.close import close_reply
from notifier.conversations.inbox import the_reply
from notifier.conversations.pass_on import pass_on as pass_reply_on
from notifier.conversations.reply import find_reply, send_reply
from notifier.conversations.reply_texts import answers_for
from notifier.db.engine import reading
from notifier.db.enrollments import the_enrollment
from notifier.domain.counted import counted
from notifier.domain.open_replies import TextsDecision
from notifier.domain.refused import Refused
from notifier.oversight.offered_answers import fill_saved_answer

Whom = Annotated[
    str, typer.Argument(help="A reply's number, as `notifier replies` gives it; or an enrollment.", metavar="REPLY")
]


def reply(
    whom: Whom,
    text: Annotated[str | None, typer.Argument(help="What the patient shall read; nothing with --saved.")] = None,
    saved: Annotated[
        int | None, typer.Option(help="A saved answer instead; see: notifier saved-answers list.", metavar="ANSWER")
    ] = None,
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
            words = _words(session, context, text, saved, which, whose)
            found = find_reply(
                session, words, rules=context.rules, now=context.now, reply_id=which,
                enrollment_id=whose)  # fmt: skip
        size = f"{counted(found.segments.count, 'segment')}, {found.segments.encoding}"
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
    leave_out: LeaveOut = None,
    dry_run: DryRun = False,
) -> None:
    """Close what a patient wrote: the texts go on, stay held, or end."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            done = close_reply(session, number, texts, now=context.now, by=context.by, unsaid=leave_out or ())
        if done.already:
            context.report("it was closed already")
            return
        context.report(f"closed; {_WHAT_NEXT[texts]}")
        if not done.others:
            report_lifts(context, done.lifts)
        for other in done.others:
            context.report(f"texts still wait: {other.reason}")


def pass_on(
    number: Annotated[int, typer.Argument(help="The reply, as `notifier replies` gives it.", metavar="REPLY")],
    language: Annotated[str | None, typer.Option(help="The language it is in; the patient's unless said.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Pass what you cannot read on to colleagues who read its language; it stays open."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            readers = pass_reply_on(session, number, language, now=context.now, by=context.by)
        context.report(f"it stays open, and waits for {', '.join(readers)}")


def _words(
    session: Session, context: CommandContext, text: str | None, saved: int | None, which: int | None, whose: int | None
) -> str:
    """What is typed, or a saved answer for this patient. Raises Refused."""
    if (text is None) == (saved is None):
        raise Refused("write what the patient shall read, or choose a saved answer with --saved", "text")
    if saved is None:
        return text or ""
    asked = None if which is None else the_reply(session, which)
    enrollment = (
        the_enrollment(session, whose or 0) if asked is None else answers_for(session, asked.phone, office=asked.office)
    )
    if enrollment is None:
        raise Refused("nobody with this number is enrolled, so no text goes there; call instead")
    return fill_saved_answer(
        session, saved, enrollment, rules=context.rules, answers=answer_rules(context.settings), now=context.now
    )


_WHAT_NEXT: Final = {
    TextsDecision.GO_ON: "the patient's texts go on",
    TextsDecision.STAY_HELD: "the patient's texts stay held; to let them go on: notifier release PHONE",
    TextsDecision.END: "nothing more is sent to this number",
}
