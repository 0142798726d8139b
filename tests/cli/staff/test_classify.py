"""`notifier classify`: a line of JSON for each line of the input, with no database and no settings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def _run(cwd: Path, *words: str, lines: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "notifier", "classify", *words]
    return subprocess.run(command, cwd=cwd, input=lines, capture_output=True, check=False)


def test_each_line_is_read_and_the_words_that_decided_are_said(tmp_path: Path) -> None:
    lines = b"stop\nMe falta el aire\n\n3\n" + b"\xff?"
    ran = _run(tmp_path, "--language", "es", "--asked", "--json", lines=lines)
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [
        {"text": "stop", "meaning": "stop", "urgent": False, "why": ["stop"]},
        {"text": "Me falta el aire", "meaning": "other", "urgent": True, "why": ["me falta el aire"]},
        {"text": "", "meaning": "other", "urgent": False, "why": []},
        {"text": "3", "meaning": "answer", "urgent": True, "why": ["3"]},
        {"text": "\ufffd?", "meaning": "other", "urgent": False, "why": []},
    ] == told
    assert (0, []) == (ran.returncode, list(tmp_path.iterdir()))


def test_a_language_that_there_is_not_is_one_sentence(tmp_path: Path) -> None:
    ran = _run(tmp_path, "--language", "xx", lines=b"stop")
    assert (2, b"") == (ran.returncode, ran.stdout)
    assert b"there is no language xx here" in ran.stderr
