"""`notifier protocols try`: a protocol's texts on a staff member's own phone."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli import parsing
from notifier.cli.context import command_context
from notifier.cli.options import Answers, DryRun, Yes
from notifier.domain.phone import parse_phone
from notifier.domain.protocol_choice import check_field, find_protocol
from notifier.publishing.try_out import try_out


def try_protocol(
    protocol: Annotated[str, typer.Argument(help="Its id.")],
    to: Annotated[str, typer.Option(help="A staff member's number, proved with: notifier staff phone NAME PHONE.")],
    language: Annotated[str | None, typer.Option(help="The texts' language; its first one unless said.")] = None,
    answer: Answers = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Text all of it to your own phone within minutes, each text marked TEST.

    As a patient who was treated now would read it, approved or not; a question without --answer gets its first answer.
    Inside the send window; at most four codes and tries an hour.
    """
    with command_context(writes_texts=True, dry_run=dry_run) as context:
        plan = find_protocol(protocol, context.protocols)
        phone = check_field("to", parse_phone, to).e164
        context.confirm(f"Text all of {plan.id} {plan.version} to that phone?", yes=yes)
        with context.change() as session:
            many = try_out(
                session, plan, phone, language=language, answers=parsing.answers(answer or []), rules=context.rules,
                now=context.now, by=context.by,
            )  # fmt: skip
        context.report(f"{many} test texts leave within minutes, while a worker runs")
