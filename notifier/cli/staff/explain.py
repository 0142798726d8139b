"""Why a text was, was not, or will be sent: apart from the lists, which need not wait for all that it reads."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import command_context
from notifier.cli.options import Json
from notifier.cli.output import print_json, show
from notifier.db.engine import reading
from notifier.oversight import explain as explain_text


def explain(
    message: Annotated[int, typer.Argument(help="Its number, as `notifier show` and `notifier due` give it.")],
    as_json: Json = False,
) -> None:
    """Why a text was, was not, or will be sent."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        sentences = explain_text.explain(session, message, rules=context.rules, now=context.now)
        found = explain_text.find_text(session, message)
        context.shows([found[1].id] if found else [])
    if as_json:
        print_json({"message": message, "sentences": sentences})
    else:
        show("\n".join(sentences))
