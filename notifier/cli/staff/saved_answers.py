"""`notifier saved-answers …`: answers that staff give often; an admin writes them, a clinician stands behind them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from notifier.bootstrap.sending import answer_rules
from notifier.cli.context import command_context, enrollment_called
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import print_json, print_table
from notifier.db.engine import reading
from notifier.db.enrollments import the_enrollment
from notifier.db.saved_answers import saved_answers
from notifier.oversight.offered_answers import offered_answers
from notifier.publishing.saved_answers import approve_saved_answer, retire_saved_answer, write_saved_answer

app = typer.Typer(help="Answers that staff give often, with the patient's dates.", no_args_is_help=True)

Answer = Annotated[int, typer.Argument(help="Its number; see: notifier saved-answers list.", metavar="ANSWER")]


@app.command("list")
def list_answers(
    enrollment: Annotated[
        str | None, typer.Option(help="As this patient would read them.", metavar="ENROLLMENT")
    ] = None,
    as_json: Json = False,
) -> None:
    """Every saved answer; with --enrollment as that patient would read it now, or why not."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        if enrollment is None:
            found = [
                {
                    "answer": one.answer.id,
                    "title": one.answer.title,
                    "language": language,
                    "words": standing.written.words,
                    "approved_by": standing.approved.approved_by if standing.approved else None,
                    "waits": standing.waits,
                }
                for one in saved_answers(session)
                for language, standing in one.wordings.items()
            ]
        else:
            offered = offered_answers(
                session, the_enrollment(session, enrollment_called(session, enrollment)),
                rules=context.rules, answers=answer_rules(context.settings), now=context.now,
            )  # fmt: skip
            found = [
                {"answer": one.answer, "title": one.title, "words": one.words, "why_not": one.why_not}
                for one in offered
            ]
    if as_json:
        print_json(found)
        return
    columns = list(found[0]) if found else ["answer"]
    print_table([one.replace("_", " ") for one in columns], [_row(one) for one in found], empty="none is saved yet")


@app.command("write")
def write(
    title: Annotated[str, typer.Argument(help="What staff call it; one that there is gets other words.")],
    words: Annotated[str, typer.Argument(help="What the patient reads, such as 'No makeup until {makeup.until}.'")],
    language: Annotated[str, typer.Option(help="The language of the words.")] = "en",
    dry_run: DryRun = False,
) -> None:
    """Write an answer's words in one language; they wait for a clinician."""
    with command_context(creates=True, dry_run=dry_run) as context:
        with context.change() as session:
            new = write_saved_answer(
                session, title, language, words, protocols=context.protocols, now=context.now, by=context.by
            )
        context.report(
            "saved; it waits for a clinician: notifier saved-answers approve" if new else "it says so already"
        )


@app.command("approve")
def approve(
    answer: Answer,
    by: Annotated[str, typer.Option(help="The clinician who stands behind the words.")],
    language: Annotated[str, typer.Option(help="The language of the words.")] = "en",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """A clinician stands behind the words in one language."""
    with command_context(dry_run=dry_run) as context:
        with reading(context.engine) as session:
            known = next((one for one in saved_answers(session) if one.answer.id == answer), None)
        standing = known.wordings.get(language) if known else None
        if standing is not None:
            context.report(f"{language}: {standing.written.words}")
        context.confirm(f"Has {by or 'somebody'} read these words?", yes=yes)
        with context.change() as session:
            new = approve_saved_answer(
                session, answer, language, wording=standing.written.id if standing else None, now=context.now, by=by
            )
        context.report("approved" if new else "it was approved already")


@app.command("retire")
def retire(answer: Answer, dry_run: DryRun = False) -> None:
    """Offer it to nobody any more; written again under its title, it is back."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            retire_saved_answer(session, answer, now=context.now, by=context.by)
        context.report("retired")


def _row(one: dict[str, Any]) -> list[str]:
    return ["yes" if value is True else "no" if value is False else str(value or "") for value in one.values()]
