"""Lists on the screen and on a pipe."""

from __future__ import annotations

import pytest

from notifier.cli.output import print_table, show, table

COLUMNS = ("patient", "what")
ROWS = (("Ana Ruiz", ""), ("\N{CJK UNIFIED IDEOGRAPH-738B} Li", "late: it leaves"), ("B", "\u202etxt"))


def test_a_list_on_a_pipe_is_the_table_that_would_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = table(*COLUMNS)
    for row in ROWS:
        drawn.add_row(*row)
    show(drawn)
    expected = capsys.readouterr().out
    print_table(COLUMNS, ROWS, empty="nobody")
    assert expected == capsys.readouterr().out


def test_a_cell_of_two_lines_is_drawn_under_itself(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, [("Ana", "one\ntwo")], empty="nobody")
    assert ["patient  what", "Ana      one", "         two"] == capsys.readouterr().out.splitlines()
