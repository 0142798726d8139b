"""`make audit` never says "none found" of what nobody looked up."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "audit.py"
GOOD = {"name": "alembic", "version": "1.20", "vulns": []}
BAD = {**GOOD, "name": "pillow", "vulns": [{"id": "CVE-1", "fix_versions": ["13.1"]}]}
UNKNOWN = {"name": "twilio", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("packages", "code", "out", "err"),
    [
        ([GOOD], 0, "1 of 1 packages looked up, 0 known", ""),
        ([GOOD, BAD], 1, "pillow 1.20: CVE-1; fixed in 13.1", ""),
        ([GOOD, UNKNOWN], 2, "1 of 2 packages looked up", "NOT AUDITED: 1 of 2 (twilio"),
        (None, 2, "", "NOT AUDITED: the source cannot be reached"),
    ],
)
def test_what_nobody_looked_up_is_not_called_audited(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], packages: list[Any] | None, code: int, out: str, err: str
) -> None:
    said = "echo 'no route to host' >&2" if packages is None else f"echo '{json.dumps({'dependencies': packages})}'"
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\n{said}\n", encoding="ascii")
    program.chmod(0o755)
    assert code == runpy.run_path(str(SCRIPT))["main"](str(program))
    printed = capfd.readouterr()
    assert (True, True) == (out in printed.out, err in printed.err)
