"""What strangers write cannot move the cursor, clear the screen or turn a line around at a staff member's terminal."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import structlog
from rich import box
from rich.table import Table

import notifier.cli
from notifier.cli.safe_text import SafeConsole, escaped
from notifier.logs import configure_logs

HOSTILE = "ok \x1b[2J\x1b]0;owned\x07 \u202egnp.exe\u2066 \x9b31m \r gone \x7f\u2028"
OURS = "\u00bfC\u00f3mo est\u00e1? \U0001f469\u200d\u2695\ufe0f \u2019"


def test_a_table_and_a_sentence_show_controls_instead_of_obeying_them() -> None:
    written = io.StringIO()
    console = SafeConsole(file=written, force_terminal=True, width=200, markup=False, color_system="standard")
    table = Table("text", box=box.SIMPLE_HEAD, header_style="bold")
    table.add_row(HOSTILE)
    console.print(table)
    console.print(f"{HOSTILE} {OURS}", soft_wrap=True, style="red")
    shown = written.getvalue()
    for control in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\u2066", "\x9b", "\r", "\x7f", "\u2028"):
        assert control not in shown
    assert "\x1b[1m" in shown
    assert OURS in shown


def test_a_json_document_is_the_same_for_a_program() -> None:
    document = json.dumps({"text": HOSTILE + OURS}, ensure_ascii=False)
    assert {"text": HOSTILE + OURS} == json.loads(escaped(document))
    assert not set("\x7f\u202e\u2066\x9b\u2028") & set(escaped(document))


def test_every_command_writes_through_the_one_place_that_shows_controls() -> None:
    """Or the next command prints a stranger's words as they are."""
    raw = re.compile(r"sys\.std(out|err)\.write|\bprint\(|typer\.(echo|secho|confirm)\(|(?<!Safe)Console\(")
    folder = Path(notifier.cli.__file__).parent
    found = {one.relative_to(folder).as_posix() for one in folder.rglob("*.py") if raw.search(one.read_text("utf-8"))}
    assert {"output.py"} == found


def test_a_log_line_is_ascii() -> None:
    stream = io.StringIO()
    configure_logs(stream)
    structlog.get_logger().warning("x", why=HOSTILE)
    assert HOSTILE.replace("\x1b", "")[:3] in stream.getvalue()
    assert stream.getvalue().isascii()
    assert not set(stream.getvalue()) & set("\x1b\x07\r")
