"""`notifier protocols effect | migrate`: what a change does to every running patient, and doing it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from notifier.cli.context import CommandContext, command_context
from notifier.cli.effect_table import print_texts
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import is_attended, note, print_json, show
from notifier.db.engine import reading
from notifier.domain.counted import counted
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.publishing.effect import ProtocolEffect, protocol_effect
from notifier.publishing.effect_sentences import effect_summary
from notifier.publishing.migrate import Migrated, migrate, migration_to_undo, to_be_moved, undo

Protocol = Annotated[str, typer.Argument(help="Its id.")]


def show_effect(protocol: Protocol, as_json: Json = False) -> None:
    """Show what its present content would change for every running patient.

    Running patients stay on the version that they were enrolled on until `protocols migrate` moves them.
    """
    with command_context(read_only=True) as context:
        found = _effect(context, protocol)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)


def migrate_patients(
    protocol: Protocol,
    not_told: Annotated[bool, typer.Option(help="Only who was told nothing that becomes different.")] = False,
    take_back: Annotated[bool, typer.Option("--undo", help="Take the last one back, within an hour.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Move running patients to its present content: all of them, or only those not yet told otherwise.

    With neither this nor that everybody stays on the version of their enrollment.
    """
    if take_back and not_told:
        raise Refused("--undo takes all of the last migration back; leave out --not-told", "not_told")
    with command_context(writes_texts=True, dry_run=dry_run) as context:
        if take_back:
            _take_back(context, protocol, yes=yes, as_json=as_json)
            return
        found = _effect(context, protocol)
        whom = to_be_moved(found, not_told=not_told)
        only_shown = dry_run or (as_json and is_attended() and not yes)
        if as_json and only_shown:
            print_json(found.to_json())
        if not as_json:
            _print(found)
        if dry_run:
            context.report(f"{counted(len(whom), 'patient')} would be moved to {found.protocol.version}")
        if only_shown:
            return
        context.confirm(f"Move {counted(len(whom), 'patient')} to {protocol} {found.protocol.version}?", yes=yes)
        done = migrate(context.change, found, not_told=not_told, rules=context.rules, now=context.now, by=context.by)
        if as_json:
            print_json(_done_json(done))
        many = counted(len(done.effects), "patient is", "patients are")
        context.report(f"{many} on {found.protocol.version}; {_who_to_call(done)}")
        _say_stayed(done)
        note(f"to take it back within an hour: notifier protocols migrate {protocol} --undo")


def _take_back(context: CommandContext, protocol: str, *, yes: bool, as_json: bool) -> None:
    with reading(context.engine) as session:
        migration_to_undo(session, protocol, context.now)  # nobody is asked for nothing
    context.confirm(f"Take the last migration of {protocol} back?", yes=yes)
    done = undo(context.change, protocol, rules=context.rules, now=context.now, by=context.by)
    context.shows(one.enrollment for one in done.effects)
    if as_json:
        print_json(_done_json(done))
    back = counted(len(done.effects), "patient is as before", "patients are as before")
    context.report(f"{back}; {_who_to_call(done)}")
    for enrollment, step in done.left:
        note(f"left meanwhile: enrollment {enrollment}, {step}")
    _say_stayed(done)


def _effect(context: CommandContext, protocol: str) -> ProtocolEffect:
    with reading(context.engine) as session:
        found = protocol_effect(
            session, protocol, protocols=context.protocols, rules=context.rules, now=context.now
        )  # fmt: skip
    context.shows(one.enrollment for one in found.patients)
    return found


def _print(found: ProtocolEffect) -> None:
    for sentence in effect_summary(found):
        show(sentence)
    for one in found.patients:
        if one.effect is not None and one.effect.texts:
            print_texts(one.effect.texts, zone_called(one.effect.timezone), f"enrollment {one.enrollment}")


def _say_stayed(done: Migrated) -> None:
    for enrollment, why in done.stayed:
        note(f"enrollment {enrollment} stays as it is: {why}")


def _who_to_call(done: Migrated) -> str:
    told = ", ".join(map(str, done.misinformed))
    return f"call, for a text has told them otherwise: enrollments {told}" if told else "nobody was told otherwise"


def _done_json(done: Migrated) -> dict[str, Any]:
    return {
        "enrollments": [one.to_json() for one in done.effects],
        "told_otherwise": done.misinformed,
        "left": [{"enrollment": enrollment, "step": step} for enrollment, step in done.left],
        "stayed": [{"enrollment": enrollment, "why": why} for enrollment, why in done.stayed],
    }
