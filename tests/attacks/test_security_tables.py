"""What the README says of security names tests, and gives a reason where it names none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
STANDS: Final = {"met", "partly", "not met", "not ours"}


def test_every_row_of_the_tables_names_tests_or_a_reason() -> None:
    section = (ROOT / "README.md").read_text("utf-8").split("\n## Security\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    rows = [row for row in rows if row[1] in STANDS]
    assert (17, 10) == (sum(row[0][:1] == "V" for row in rows), sum(row[0][:1] == "(" for row in rows))
    for what, stands, why in rows:
        assert why, what
        assert "::" in why or stands != "met", what
        assert "Not met" in why or stands != "partly" or "clinic" in why, what
