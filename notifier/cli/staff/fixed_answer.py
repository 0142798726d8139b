"""`notifier fixed-answer`: what is said without a person, who approved it, and what waits for approval."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.bootstrap.sending import answer_rules
from notifier.cli.context import command_context
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import is_attended, print_json, print_table
from notifier.config.settings import load_settings
from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import reading
from notifier.domain.refused import Refused
from notifier.oversight.answer_standing import answer_standings
from notifier.publishing.approve_answer import approve_answers
from schedules.languages.registry import languages


def fixed_answer(
    approve: Annotated[bool, typer.Option("--approve", help="Let a clinician stand behind the words.")] = False,
    by: Annotated[str, typer.Option(help="With --approve: the clinician.")] = "",
    language: Annotated[str | None, typer.Option(help="With --approve: one language; all unless said.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """What patients hear without a person, and which words wait for approval.

    It goes out for urgent words and HELP at any hour, and for what nobody reads outside staffed hours.
    """
    rules = answer_rules(load_settings())
    if rules is None:
        raise Refused("nothing is answered: set NOTIFIER_CLINIC_NAME and NOTIFIER_CLINIC_PHONE")
    if approve:
        only_show = dry_run or (as_json and not yes and is_attended())
        new = _approve(rules, by, language, dry_run=only_show, yes=yes)
        if as_json:
            print_json({"approved": new, "by": by, "dry_run": only_show})
        return
    with command_context(read_only=True) as context, reading(context.engine) as session:
        standings = answer_standings(session, rules, context.now)
    found = [
        {
            "language": one.language,
            "says": one.says,
            "approved_by": one.approval.by if one.approval else None,
            "waits": one.waits,
        }
        for one in standings
    ]
    if as_json:
        print_json(found)
        return
    rows = [[one[what] or "" for what in ("language", "says", "approved_by", "waits")] for one in found]
    print_table(("language", "says now", "approved by", "waits for approval"), rows, empty="")


def _approve(rules: AnswerRules, by: str, language: str | None, *, dry_run: bool, yes: bool) -> list[str]:
    """The languages in which the words are approved now, and were not."""
    words = {one.code: rules.wish(one.code) for one in languages()}
    with command_context(creates=True, dry_run=dry_run) as context:
        for code in [language] if language in words else words:
            context.report(f"{code}: {words[code]}")
        context.confirm(f"Has {by or 'somebody'} read these words?", yes=yes)
        with context.change() as session:
            new = approve_answers(session, words, by=by, now=context.now, language=language)
        context.report(f"the fixed answer is approved in {', '.join(new)}" if new else "it was approved already")
    return list(new)
