"""What only a person may decide: about a number, a text whose fate nobody knows, a protocol, the circuit."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import CommandContext, command_context
from notifier.cli.options import DryRun, LeaveOut, Yes
from notifier.cli.output import note
from notifier.db.engine import reading
from notifier.domain.counted import counted
from notifier.domain.refused import Refused
from notifier.numbers.held_lifts import HeldLifts
from notifier.numbers.release import opt_out_by_staff, plan_release
from notifier.numbers.release import release as release_number
from notifier.publishing.pause import pause as pause_protocol
from notifier.publishing.pause import unpause as unpause_protocol
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.gates.heartbeats import doubts, trust_clocks
from notifier.sending.gates.probe import close_circuit
from notifier.sending.review import review as review_message

circuit = typer.Typer(help="What stops all sending.", no_args_is_help=True)

Phone = Annotated[str, typer.Argument(help="The number.", metavar="PHONE")]
WhichProtocol = Annotated[str, typer.Option(help="Its id.")]
WhichStep = Annotated[str | None, typer.Option(help="One step of it; all unless said.")]


def opt_out(phone: Phone, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Never text this number again."""
    with command_context(creates=True, dry_run=dry_run) as context:
        context.confirm(f"Never text {phone} again?", yes=yes)
        with context.change() as session:
            done = opt_out_by_staff(session, phone, now=context.now, by=context.by)
        many = len(done.withdrawn)
        withdrawn = f"; {counted(many, 'planned text does', 'planned texts do')} not leave" if many else ""
        new = f"opted out: nothing more is sent to this number{withdrawn}"
        context.report("it had opted out already" if done.already else new)


def release(
    phone: Phone,
    reconsent: Annotated[
        str | None, typer.Option(help="How the patient agreed to texts again; ends an opt-out.")
    ] = None,
    leave_out: LeaveOut = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Let texts leave again after the patient's words were read."""
    with command_context(dry_run=dry_run) as context:
        with reading(context.engine) as session:
            unread = plan_release(session, phone)
        for reply in unread:
            note(f"{reply.reason}; it is closed too")
        context.confirm(f"Has somebody read what came from {phone}, and may its texts leave again?", yes=yes)
        with context.change() as session:
            done = release_number(
                session, phone, now=context.now, by=context.by, reconsent=reconsent,
                seen={reply.id for reply in unread}, unsaid=leave_out or (),
            )  # fmt: skip
        ended = [counted(done.holds, "hold")] if done.holds else []
        ended += (
            [f"open repl{'ies' if len(done.replies) > 1 else 'y'} {', '.join(map(str, done.replies))}"]
            if done.replies
            else []
        )
        context.report("ended: " + " and ".join(ended + (["the opt-out"] if done.opt_out else [])))
        report_lifts(context, done.lifts)
        if done.still_blocked:
            context.report(done.still_blocked)


def report_lifts(context: CommandContext, lifts: HeldLifts) -> None:
    """Say what becomes of the lifts whose moment came while they were held."""
    for lift in lifts.to_say:
        whose = f"{lift.step} for {lifts.whose[lift.enrollment_id or 0]}"
        context.report(f"{whose}, held meanwhile, leaves at the next open hour (message {lift.id})")
    for lift in lifts.too_late:
        whose = f"{lift.step} for {lifts.whose[lift.enrollment_id or 0]}"
        tell = "tell the patient in person where it still matters"
        context.report(f"{whose}, held past its use, is not said any more (message {lift.id}): {tell}")


def review(
    message: Annotated[int, typer.Argument(help="Its number.")],
    sent: Annotated[bool, typer.Option("--sent", help="The patient has it.")] = False,
    not_sent: Annotated[bool, typer.Option("--not-sent", help="The patient never got it.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Say whether a text had left."""
    if sent == not_sent:
        one_of = "one of --sent and --not-sent, not both" if sent else "--sent or --not-sent"
        raise Refused(f"say {one_of}: look at Twilio's log, or ask the patient")
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            state = review_message(session, message, sent=sent, now=context.now, by=context.by)
        context.report(f"message {message} is {state.value}")


def pause(
    protocol: WhichProtocol,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
    step: WhichStep = None,
    dry_run: DryRun = False,
) -> None:
    """Stop a bad text, or a whole protocol, at once."""
    with command_context(creates=True, dry_run=dry_run) as context:
        with context.change() as session:
            new = pause_protocol(
                session, protocol, reason=reason, protocols=context.protocols, now=context.now, by=context.by,
                by_admin=True, step=step,
            )  # fmt: skip
        paused = "paused" if new else "it is paused already"
        context.report(f"{paused}; to go on: notifier unpause --protocol {protocol}{_said(step)}")


def unpause(
    protocol: WhichProtocol,
    reason: Annotated[str, typer.Option(help="Why it may go on, for the audit log.")] = "on the command line",
    step: WhichStep = None,
    dry_run: DryRun = False,
) -> None:
    """Let its texts leave again, whoever has paused it."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            unpause_protocol(session, protocol, reason=reason, now=context.now, by=context.by, by_admin=True, step=step)
        context.report("its texts leave again, where they are still useful")


@circuit.callback()
def _circuit() -> None:
    """What stops all sending."""


@circuit.command("reset")
def reset(dry_run: DryRun = False, yes: Yes = False) -> None:
    """Send again, once the cause is mended. Where a worker doubts its clock: say that the clock is right."""
    with command_context(dry_run=dry_run) as context:
        with reading(context.engine) as session:
            reasons = [one.reason for one in open_circuits(session)] + doubts(session, context.now)
        if not reasons:
            note("no circuit is open and no clock is in doubt; nothing is stopped")
            return
        context.confirm(f"Nothing is sent because: {'; '.join(reasons)}. Is that mended?", yes=yes)
        with context.change() as session:
            close_circuit(session, at=context.now, by=context.by)
            trust_clocks(session)
        context.report(f"closed, and texts leave again; what stood against them: {'; '.join(reasons)}")


def _said(step: str | None) -> str:
    return f" --step {step}" if step else ""
