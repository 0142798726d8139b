"""No sentence says `1 texts`: a number and its noun come from `counted`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

NOTIFIER = Path(__file__).resolve().parents[1] / "notifier"
STANDS_ALONE = NOTIFIER / "maintenance/evidence/verify_evidence.py"
"""Goes out in a ZIP, and may import nothing of ours."""
SEVERAL = '    "{many} replies may be'
"""What is said only where there are two or more."""
_NOUNS = (
    "patients|phones|texts|messages|replies|rows|entries|events|seals|enrollments|posts|photos|alerts|segments|visits"
)
NOUN_ALONE = re.compile(
    rf"""
    (?<![{{$]) \{{ (?!counted\() (?! _?[A-Z] ) [^{{}}"]+ \}} \ (?:(?:more|late|planned|open|running|earlier)\ ){{0,2}}
    (?:{_NOUNS}) \b
    | \}} \}} \ (?:more\ |planned\ )? (?:{_NOUNS}) \b
    | ["']["'] \ if \ [^{{}}]+ \ else \ ["']s["'] | ["']s["'] \ if \ [^{{}}]+ \ else \ ["']["']
    """,
    re.VERBOSE,
)


def test_every_number_goes_with_its_noun() -> None:
    files = [one for kind in ("*.py", "*.html") for one in NOTIFIER.rglob(kind) if one != STANDS_ALONE]
    assert [] == [
        f"{one.relative_to(NOTIFIER)}: {found[0]}"
        for one in files
        for line in one.read_text(encoding="utf-8").splitlines()
        if (found := NOUN_ALONE.search(line)) and not line.startswith(SEVERAL)
    ]


@pytest.mark.parametrize(
    "line", ['f"{many} patients"', "{{ many }} texts", 'f"{n:,} late texts"', "text{'s' if n > 1 else ''}"]
)
def test_the_guard_can_fail(line: str) -> None:
    assert NOUN_ALONE.search(line)
