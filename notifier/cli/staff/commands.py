"""The life of an enrollment: each command shows its effect and asks. All of them go through one function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from notifier.cli.context import CommandContext, command_context, enrollment_called
from notifier.cli.effect_table import named_by, print_effect
from notifier.cli.options import DryRun, Json, WhichEnrollment, Yes
from notifier.cli.output import confirm, is_attended, note, print_json
from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment
from notifier.domain.counted import counted
from notifier.domain.informed import Informed
from notifier.domain.instants import read_instant, zone_called
from notifier.enrollments.command import Command
from notifier.enrollments.commands import (
    Cancel,
    Cleared,
    ConsentWithdrawn,
    Hold,
    InformInPerson,
    NoShow,
    Resume,
    Treated,
)
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.never_text import never_text as never_text_person
from notifier.enrollments.never_text import plan_never_text, text_again

Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]
_CANCELLED, _HELD, _WITHDRAWN = Cancel().why, Hold().why, ConsentWithdrawn().why


def treated(
    enrollment: WhichEnrollment,
    at: Annotated[str, typer.Option(help="The END of the treatment, like 2026-03-07T15:30.")],
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """The patient was treated: the aftercare is planned from there."""

    def read(context: CommandContext, stored: Enrollment) -> Command:
        here = context.rules.at(stored.office)
        return Treated(read_instant(at, stored.timezone, "at", clinic_zone=here.timezone))

    carry_out(enrollment, read, yes=yes, dry_run=dry_run, as_json=as_json)


def no_show(enrollment: WhichEnrollment, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """The patient did not come: nothing more is sent."""
    carry_out(enrollment, lambda *_: NoShow(), yes=yes, dry_run=dry_run, as_json=as_json)


def cancel(
    enrollment: WhichEnrollment,
    reason: Reason = _CANCELLED,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Stop the patient's texts for good."""
    carry_out(enrollment, lambda *_: Cancel(reason), yes=yes, dry_run=dry_run, as_json=as_json)


def hold(
    enrollment: WhichEnrollment,
    reason: Reason = _HELD,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let nothing leave until somebody resumes it."""
    then = f"held; to go on: notifier resume {enrollment}"
    carry_out(
        enrollment, lambda *_: Hold(reason), yes=yes, dry_run=dry_run, as_json=as_json, then=then, writes_texts=False
    )


def consent_withdrawn(
    enrollment: WhichEnrollment,
    reason: Reason = _WITHDRAWN,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """The patient agrees to texts no more: all to the number wait until a person decides."""
    then = "held; now decide: notifier opt-out PHONE, notifier cancel ENROLLMENT, or notifier release PHONE to go on"
    command = ConsentWithdrawn(reason)
    carry_out(enrollment, lambda *_: command, yes=yes, dry_run=dry_run, as_json=as_json, then=then, writes_texts=False)


def resume(enrollment: WhichEnrollment, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Take back a hold, a no-show or a cancellation: what is still useful leaves."""
    carry_out(enrollment, lambda *_: Resume(), yes=yes, dry_run=dry_run, as_json=as_json)


def informed(
    enrollment: WhichEnrollment,
    topics: Annotated[list[str] | None, typer.Argument(help="Such as makeup; all unless said.")] = None,
    card: Annotated[bool, typer.Option("--card", help="The patient has it in writing.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """A person told the patient the rules."""
    command = InformInPerson(tuple(topics or ()), Informed.CARD if card else Informed.SAID)
    carry_out(enrollment, lambda *_: command, yes=yes, dry_run=dry_run, as_json=as_json)


def cleared(
    enrollment: WhichEnrollment,
    topic: Annotated[str, typer.Argument(help="The restriction that holds until it is cleared, such as soaking.")],
    at: Annotated[str | None, typer.Option(help="Since when, like 2026-03-20T10:00; now unless said.")] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="It was marked by mistake.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say that what holds until it is cleared is cleared."""

    def read(context: CommandContext, stored: Enrollment) -> Command:
        here = context.rules.at(stored.office)
        since = read_instant(at, stored.timezone, "at", clinic_zone=here.timezone) if at else None
        return Cleared(topic, since, take_back)

    carry_out(enrollment, read, yes=yes, dry_run=dry_run, as_json=as_json)


def carry_out(
    which: str,
    read: Callable[[CommandContext, Enrollment], Command],
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    then: str = "done",
    writes_texts: bool = True,
) -> None:
    """Show what the command does, ask, and do it; `then` is said afterwards. Raises Refused with a sentence.

    With JSON nobody can be asked: where there is a terminal it is done only with `yes`.
    """
    with command_context(writes_texts=writes_texts, dry_run=dry_run) as context:
        with reading(context.engine) as session:
            whose = enrollment_called(session, which)
            stored = the_enrollment(session, whose)
            command = read(context, stored)
            effect = preview(session, whose, command, rules=context.rules, now=context.now)
            question = command.question(stored, zone_called(stored.timezone))
            named = named_by(session, effect)
        does_it = not (dry_run or effect.already or (as_json and is_attended() and not yes))
        if not as_json:
            context.shows(named)
            print_effect(effect, named)
        if does_it:
            if not as_json:
                confirm(question, yes=yes)
            with writing(context.engine) as session:
                effect = apply(session, whose, command, rules=context.rules, now=context.now, by=context.by)
    if as_json:
        print_json(effect.to_json())
    if does_it and not as_json:
        note(then)
    elif not does_it and not effect.already and not dry_run:
        note("nothing was changed; to change it, add --yes")


def never_text(
    enrollment: WhichEnrollment,
    reconsent: Annotated[str | None, typer.Option(help="How the person agreed to texts again; ends it.")] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Never text this person again, on whatever number; others on the number go on."""
    only_show = dry_run or (as_json and not yes and is_attended())
    with command_context(dry_run=only_show) as context:
        with reading(context.engine) as session:
            whose = enrollment_called(session, enrollment)
            found = plan_never_text(session, whose, context.rules)
            name = the_enrollment(session, whose).name
        if not as_json:
            context.shows([whose])
        if reconsent is not None:
            context.confirm(f"May {name} be texted again?", yes=yes)
            with context.change() as session:
                text_again(session, whose, reconsent=reconsent, now=context.now, by=context.by)
            context.report("this person may be texted again: enroll anew")
            return
        if not as_json:
            planned = counted(found.withdrawn, "planned text")
            context.confirm(f"Never text {name} again, on any number ({planned})?", yes=yes)
        with context.change() as session:
            done = never_text_person(session, whose, rules=context.rules, now=context.now, by=context.by)
        if as_json:
            print_json({**asdict(done), "dry_run": only_show})
            return
        ended = f"; cancelled: {', '.join(map(str, done.ends))}" if done.ends else ""
        already = "it was said already" if done.already else "nothing more is sent to this person"
        context.report(f"{already}{ended}")
