"""Offices at the command line: said once in a file, asked for at enrollment, shown where there are any."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Desk = Callable[..., Any]
FILE = """
[downtown]
name = "Glow Downtown"
phone = "212-555-0110"
timezone = "America/New_York"
sender = "+12125550111"

[desert]
name = "Glow Desert"
phone = "480-555-0120"
timezone = "America/Phoenix"
sender = "+14805550121"
language = "es"
"""


@pytest.fixture
def offices(clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    (tmp_path / "offices.toml").write_text(FILE)
    monkeypatch.setenv("NOTIFIER_OFFICES_FILE", "offices.toml")
    return clinic


def test_a_clinic_of_one_place_never_hears_of_offices(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    for command in (("due",), ("enrollments",), ("show", "1"), ("staff", "list")):
        assert "office" not in clinic(*command).out
    assert [None] == [one["office"] for one in clinic("enrollments", "--json").answer]
    assert "there are no offices here" in clinic(*ana, "--office", "downtown").err


def test_enrolling_asks_for_the_office_and_takes_what_it_gives(offices: Desk, ana: tuple[str, ...]) -> None:
    refused = offices(*ana)
    assert (2, True) == (refused.code, "say which office the patient belongs to: downtown, desert" in refused.err)
    assert "did you mean desert" in offices(*ana, "--office", "dessert").err
    answer = offices(*ana[:-1], "2026-03-07T13:30", "--office", "desert", "--json").answer
    assert ("America/Phoenix", True) == (answer["timezone"], "Glow Desert" in answer["messages"][0]["text"])
    assert "no use maquillaje" in answer["messages"][0]["text"]
    assert "desert" in offices("enrollments").out
    assert {"desert"} == {one["office"] for one in offices("due", "--json").answer}


def test_the_preview_at_an_office_is_the_plan(offices: Desk, ana: tuple[str, ...]) -> None:
    planned = offices(*ana, "--office", "downtown", "--json").answer["messages"]
    preview = offices(
        "timeline", "microneedling", "--treated-at", "2026-03-07T15:30", "--phone", "+14155550123", "--office",
        "downtown", "--json",
    ).answer["messages"]  # fmt: skip
    assert [one["text"] for one in planned] == [one["text"] for one in preview]


def test_the_profiles_are_listed_with_what_they_take_from_the_clinic(offices: Desk) -> None:
    downtown, desert = offices("offices", "--json").answer
    assert ("downtown", "09:00-20:00", "+12125550111", None) == tuple(
        downtown[key] for key in ("office", "send_window", "sender", "protocols")
    )
    assert "es" == desert["language"]
    assert "Glow Desert" in offices("offices").out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[x]\ntimezone = 1", 'office "x": timezone is not what it should be; write timezone = "America/New_York"'),
        (None, "NOTIFIER_OFFICES_FILE: offices.toml cannot be read"),
    ],
)
def test_a_bad_file_is_a_bad_configuration(offices: Desk, tmp_path: Path, text: str | None, sentence: str) -> None:
    file = tmp_path / "offices.toml"
    file.unlink() if text is None else file.write_text(text)
    ran = offices("due")
    assert (78, True) == (ran.code, sentence in ran.err)
    assert any(sentence in one["found"] for one in offices("doctor", "--json").answer)


def test_the_sample_of_an_import_has_the_column_and_imports_as_it_is(offices: Desk, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(offices("import", "--template").out)
    assert 0 == offices("import", "p.csv").code
    assert {"downtown"} == {one["office"] for one in offices("enrollments", "--json").answer}
    text = (tmp_path / "p.csv").read_text().replace("downtown", "north")
    (tmp_path / "p.csv").write_text(text)
    assert 'there is no office "north"; there are: downtown, desert' in offices("import", "p.csv").err


def test_a_row_that_names_another_office_moves_her(offices: Desk, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(offices("import", "--template").out)
    offices("import", "p.csv")
    (tmp_path / "p.csv").write_text((tmp_path / "p.csv").read_text().replace("downtown", "desert"))
    assert 2 == offices("import", "p.csv", "--json").answer["counts"]["changed"]
    assert {"desert"} == {one["office"] for one in offices("enrollments", "--json").answer}


def test_run_refuses_where_the_file_has_lost_an_office_with_patients(
    offices: Desk, ana: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == offices(*ana[:-1], "2026-03-07T13:30", "--office", "desert").code
    (tmp_path / "offices.toml").write_text(FILE.partition("[desert]")[0])
    for name, value in {"ACCOUNT_SID": "AC" + "0" * 32, "AUTH_TOKEN": "t", "FROM_NUMBER": "+12125550100"}.items():
        monkeypatch.setenv(f"TWILIO_{name}", value)
    ran, served = offices("run"), offices("web")
    assert (ran.code, ran.err) == (served.code, served.err)
    assert (78, True) == (ran.code, 'The office "desert" has 1 running enrollment, and no table' in ran.err)
    assert any('"desert" has 1 running' in one["found"] for one in offices("doctor", "--json").answer)
    assert 0 == offices("change", "1", "--office", "downtown", "--yes").code
    assert not any('"desert"' in one["found"] for one in offices("doctor", "--json").answer)


def test_an_account_sees_some_offices_or_all(offices: Desk) -> None:
    offices("staff", "add", "Dana", "--generate", "--office", "desert", "--office", "downtown")
    offices("staff", "add", "Eve", "--generate")
    assert [["desert", "downtown"], None] == [one["offices"] for one in offices("staff", "list", "--json").answer]
    offices("staff", "offices", "Dana", "--office", "desert")
    assert "desert" in offices("staff", "list").out
    assert 2 == offices("staff", "offices", "Dana", "--office", "west").code


def test_a_key_may_be_bound_to_one_office(offices: Desk) -> None:
    offices("api-key", "add", "EHR", "--scope", "read", "--office", "desert")
    assert ["desert"] == [one["office"] for one in json.loads(offices("api-key", "list", "--json").out)]


def test_each_fault_of_a_row_is_told_and_none_that_is_not_there(offices: Desk, tmp_path: Path) -> None:
    """A row with a protocol that nobody knows keeps its office: that one is right."""
    file = tmp_path / "offices.toml"
    file.write_text(FILE + 'protocols = ["microneedling-kit"]')
    header = "external_id,name,phone,protocol,treated_at,consent,office"
    rows = (
        "1,Ana Diaz,123,microneedle,2026-03-07T13:00,form,desert",
        "2,Bo,(212) 555-0123,microneedling,x,form,desert",
    )
    (tmp_path / "p.csv").write_text("\n".join((header, *rows)) + "\n")
    faults = offices("import", "p.csv", "--dry-run", "--json").answer["faults"]
    assert [(2, "phone"), (2, "protocol"), (3, "protocol"), (3, "treated_at")] == sorted(
        (one["row"], one["column"]) for one in faults
    )
