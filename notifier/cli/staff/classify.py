"""How a reply would be read: no database, no settings, nothing kept."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from notifier.cli.options import Json
from notifier.cli.output import write
from notifier.cli.safe_text import escaped
from notifier.conversations.reading.choices import USUAL
from notifier.conversations.reading.classify import read_reply
from schedules.languages.registry import NoSuchLanguage
from schedules.languages.registry import language as find_language


def classify(
    language: Annotated[
        str | None,
        typer.Option("--language", help="The patient's language, such as es. The words of all languages are read."),
    ] = None,
    asked: Annotated[bool, typer.Option("--asked", help="A question is open: 1 fine, 2 a question, 3 worse.")] = False,
    opted_out: Annotated[bool, typer.Option("--opted-out", help="The number wants no texts.")] = False,
    as_json: Json = False,
) -> None:
    """Say how replies would be read, one on each line of the input, and which words decided."""
    if language is not None:
        try:
            find_language(language)
        except NoSuchLanguage as error:
            raise typer.BadParameter(str(error), param_hint="--language") from None
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        read = read_reply(text, asked=USUAL if asked else None, opted_out=opted_out)
        if as_json or not sys.stdout.isatty():
            about = {"text": text, "meaning": read.meaning, "urgent": read.urgent, "why": read.why}
            write(escaped(json.dumps(about, ensure_ascii=False)) + "\n")
        else:
            why = f" ({'; '.join(read.why)})" if read.why else ""
            write(f"{read.meaning}{', urgent' if read.urgent else ''}: {text}{why}\n")
