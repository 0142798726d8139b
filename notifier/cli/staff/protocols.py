"""`notifier protocols …`: the catalogue, read by staff and checked by authors."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from notifier.bootstrap.known_protocols import known_protocols
from notifier.bootstrap.planning import CLINIC_NAME_UNSET, CLINIC_PHONE_UNSET
from notifier.cli import parsing
from notifier.cli.context import command_context
from notifier.cli.errors import Failed
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import note, print_json, print_table, show, table, write
from notifier.cli.preview_rules import preview_settings
from notifier.cli.staff.protocol_corrections import correct_patients
from notifier.cli.staff.protocol_effects import migrate_patients, show_effect
from notifier.cli.staff.protocol_tryouts import try_protocol
from notifier.config.settings import load_settings
from notifier.db.engine import reading
from notifier.db.schema import SchemaBehind
from notifier.domain.protocol_choice import check_words, find_protocol
from notifier.publishing.approve import approve as approve_protocol
from notifier.publishing.base_changes import changes_of_base, keep_base, say_base_changed
from schedules.as_toml import as_toml
from schedules.catalogue import Catalogue, load_directory, load_file, schema
from schedules.check import EXAMPLE, check_protocol
from schedules.compare import compare_protocols
from schedules.overlay_schema import overlay_schema
from schedules.plain import condition_in_words, length_in_words, moment_in_words
from schedules.protocol import CareProtocol
from schedules.timeline import Rules

app = typer.Typer(help="The plans themselves.", no_args_is_help=True)


@app.command("list")
def list_protocols(as_json: Json = False) -> None:
    """List the shipped ones and your own."""
    known = known_protocols(load_settings())
    for why in known.unreadable.values():
        note(f"left out: {why}")
    for extends in known.extends.values():
        if extends.came_between:
            note(extends.came_between)
    plans = known.values()
    if as_json:
        print_json([_summary(plan) for plan in plans])
        return
    rows = [(plan.id, plan.title, ", ".join(plan.languages), str(len(plan.steps)), plan.version) for plan in plans]
    print_table(("protocol", "title", "languages", "steps", "version"), rows, empty="there are no protocols")


@app.command("show")
def show_protocol(
    protocol: Annotated[str, typer.Argument(help="An id, or the path of a .toml file.")],
    language: Annotated[str | None, typer.Option(help="The texts' language.")] = None,
    toml: Annotated[bool, typer.Option("--toml", help="As a file: what one that extends another comes to.")] = False,
    as_json: Json = False,
) -> None:
    """Show one in full: questions, rules, texts."""
    plan = parsing.protocol_named(protocol)
    if toml:
        write(as_toml(plan))
        return
    if as_json:
        print_json(plan.model_dump(mode="json", exclude_defaults=True) | {"version": plan.version})
        return
    spoken = language or plan.languages[0]
    check_words(plan, spoken, {})
    _show(plan, spoken)


@app.command("check")
def check(
    path: Annotated[
        Path | None, typer.Argument(help="A .toml file or a directory; every known protocol unless said.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Try them on many treatments.

    Says what is wrong, and where texts are dense; exit 1 where something is wrong.
    """
    plans = _chosen(path)
    reports = {plan.id: check_protocol(plan, _clinic_rules()) for plan in plans.values()}
    notes = {one: (*_base_notes(one, plans), *report.notes) for one, report in reports.items()}
    if as_json:
        print_json(
            [{"protocol": one, "problems": list(r.problems), "notes": list(notes[one])} for one, r in reports.items()]
        )
    else:
        for protocol_id, report in reports.items():
            for sentence in report.problems:
                show(f"{protocol_id}: problem: {sentence}")
            for sentence in notes[protocol_id]:
                show(f"{protocol_id}: {sentence}")
            if not report.problems:
                show(f"{protocol_id}: no problem found")
    plans.all_read()
    if wrong := [protocol_id for protocol_id, report in reports.items() if report.problems]:
        raise Failed(f"{len(wrong)} of {len(reports)} with problems: {', '.join(wrong)}")


@app.command("compare")
def compare(
    a: Annotated[str, typer.Argument(help="An id, or the path of a .toml file.")],
    b: Annotated[str, typer.Argument(help="The other one.")],
    as_json: Json = False,
) -> None:
    """Show what differs between two of them."""
    one, other = parsing.protocol_named(a), parsing.protocol_named(b)
    differences = compare_protocols(one, other)
    if as_json:
        print_json([{"where": d.where, "a": d.a, "b": d.b} for d in differences])
    elif one.id != other.id or one.version != other.version:
        rows = [(d.where, d.a or "-", d.b or "-") for d in differences]
        print_table(
            ("", f"{one.id} {one.version}", f"{other.id} {other.version}"), rows, empty="nothing differs but the id"
        )
    else:
        note("they are the same")


@app.command("schema")
def print_schema(
    overlay: Annotated[bool, typer.Option("--overlay", help="Of a file that extends another.")] = False,
) -> None:
    """Print the JSON Schema, for editors.

    An editor finds it by a file's first line: `#:schema PATH`.
    """
    print_json(overlay_schema() if overlay else schema())


@app.command("approve")
def approve(
    protocol: Annotated[str, typer.Argument(help="Its id.")],
    by: Annotated[str, typer.Option(help="The clinician who stands behind these words.")],
    language: Annotated[str | None, typer.Option(help="One language; all of its own unless said.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Let a clinician stand behind its words.

    Bound to exactly this content: whoever changes a word has it approved again.
    """
    with command_context(creates=True, dry_run=dry_run) as context:
        plan = find_protocol(protocol, context.protocols)
        context.confirm(f"Has {by} read {plan.id} {plan.version} (notifier protocols show {plan.id})?", yes=yes)
        with context.change() as session:
            new = approve_protocol(session, plan, by=by, now=context.now, language=language)
            keep_base(session, context.protocols, plan.id, now=context.now)
        context.report(
            f"{plan.id} {plan.version} is approved in {', '.join(new)}" if new else "it was approved already"
        )


app.command("effect")(show_effect)
app.command("migrate")(migrate_patients)
app.command("correct")(correct_patients)
app.command("try")(try_protocol)


def _summary(plan: CareProtocol) -> dict[str, object]:
    return {
        "protocol": plan.id,
        "title": plan.title,
        "version": plan.version,
        "languages": list(plan.languages),
        "steps": len(plan.steps),
        "questions": list(plan.questions),
        "source": plan.source,
    }


def _chosen(path: Path | None) -> Catalogue:
    if path is None:
        return known_protocols(load_settings())
    return load_directory(path) if path.is_dir() else load_file(path)


def _base_notes(protocol_id: str, plans: Catalogue) -> list[str]:
    """What has changed in what it extends, from the versions that the database keeps."""
    extends = plans.extends.get(protocol_id)
    if extends is None or not extends.has_changed:
        return []
    changes = None
    with suppress(SchemaBehind), command_context(read_only=True) as context, reading(context.engine) as session:
        changes = changes_of_base(session, extends)
    return say_base_changed(protocol_id, extends, changes)


def _show(plan: CareProtocol, language: str) -> None:
    show(f"{plan.title} ({plan.id} {plan.version})", style="bold")
    show(plan.source)
    for key, question in plan.questions.items():
        show(f"\nAsk: {question.ask} ({key}: {' / '.join(question.answers)})")
    made = table("restriction", "lasts", "source")
    for topic, restriction in plan.restrictions.items():
        lasts = f"{length_in_words(restriction)}{condition_in_words(restriction.only_if)}"
        made.add_row(topic, lasts, restriction.source or "none")
    show("")
    show(made)
    steps = table("step", "when", "text")
    for step in plan.steps:
        off = f" [off: {step.why_off}]" if step.why_off else ""
        when = f"{moment_in_words(step)}{condition_in_words(plan.condition(step))}"
        steps.add_row(f"{step.key} ({step.kind.value})", when, f"{step.text[language]}{off}")
        for field, texts in step.texts_of_answers():
            steps.add_row(f"{step.key}, {field.removesuffix('.text')}", "", texts[language])
    show("")
    show(steps)


def _clinic_rules() -> Rules:
    """The rules by which a protocol is checked: the clinic's own, or an example's while it has no name."""
    rules = preview_settings().rules
    return rules if rules.voice.clinic != CLINIC_NAME_UNSET and rules.voice.phone != CLINIC_PHONE_UNSET else EXAMPLE
