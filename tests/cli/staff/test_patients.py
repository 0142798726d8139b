"""Finding patients, a day and a month on the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from tests.cli.conftest import Ran

ENROLL = (
    "enroll", "--name", "Ana Ruiz", "--phone", "212-555-0123", "--protocol", "microneedling", "--consent",
    "signed form", "--treated-at", "2026-03-07T15:30", "--provider", "Dr. Kim",
)  # fmt: skip


@pytest.fixture
def enrolled(clinic: Callable[..., Ran]) -> Callable[..., Ran]:
    """Ana was treated ten minutes ago."""
    assert 0 == clinic(*ENROLL).code
    return clinic


def test_patients_are_found_without_the_shell_keeping_whom(
    enrolled: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = enrolled("find", "Ruiz,", "Ana")
    monkeypatch.setattr("sys.stdin", io.StringIO("0123\n"))
    typed = enrolled("find")
    assert "Ana Ruiz, +12125550123" in typed.out
    assert given.out == typed.out
    assert "nobody is found" in enrolled("find", "1").err
    assert ["provider"] == [one["found_by"] for one in enrolled("find", "kim", "--json").answer["patients"]]
    (row,) = csv.DictReader(io.StringIO(enrolled("patients", "--csv").out))
    assert ("Ana Ruiz", "'+12125550123", "today") == (row["name"], row["phone"], row["next_text_step"])


def test_a_day_and_a_month_are_told(enrolled: Callable[..., Ran]) -> None:
    assert ["treated"] == [one["visit"] for one in enrolled("day", "--json").answer]
    assert "3:30 PM" in enrolled("day", "2026-03-07").out
    assert "no visit is unmarked" in enrolled("day", "--unmarked").err
    assert (2, True) == ((bad := enrolled("day", "friday")).code, "is no date; write it like 2026-11-30" in bad.err)
    assert "nothing is shown" in enrolled("report").err
    assert (2, True) == ((bad := enrolled("report", "--month", "13")).code, "write it like 2026-11" in bad.err)
    assert "2026-03" == enrolled("report", "--month", "2026-03", "--json").answer["month"]
