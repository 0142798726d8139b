"""A clinic's own file says what differs from its base, and nothing else becomes different."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules.as_toml import as_toml
from schedules.catalogue import ProtocolError, load_directory, parse_protocol, shipped
from schedules.compare import compare_protocols

BASE = shipped()["microneedling-week"]
OURS = f"""\
extends  = "microneedling-week"
based_on = "{BASE.version}"
enable   = ["screening"]
disable  = ["no-waxing"]

[restrictions]
sun = {{ days = 10 }}

[steps."no-tanning"]
text.en = "{{clinic}}: stay out of the sun for a week before your visit on {{visit.date}}. {{phone}}. STOP to opt out."
"""


def test_only_what_the_file_says_differs_from_its_base() -> None:
    ours = parse_protocol("ours", OURS)

    changed = {one.where: one.b for one in compare_protocols(BASE, ours)}
    assert {
        "source": f"This clinic's own, after {BASE.id}: {BASE.source}",
        "restriction sun": "10 days",
        "restriction sun: source": "none",  # the base's page never said ten
        "step screening: sent": "yes",
        "step no-waxing: sent": "no: This clinic's own file leaves it out.",
        "step no-tanning: text en": (
            "{clinic}: stay out of the sun for a week before your visit on {visit.date}. {phone}. STOP to opt out."
        ),
    } == changed


def test_a_file_takes_over_one_language_adds_a_step_and_keeps_ready_words() -> None:
    english = parse_protocol("ours", f'languages = ["en"]\n{OURS}')
    assert {("en",)} == {tuple(step.text) for step in english.steps}
    added = (
        f'{OURS}[steps."sunscreen"]\nkind = "care"\nat = {{ day = 3, time = "09:00" }}\nstale_after = {{ hours = 8 }}\n'
    )
    words = "".join(f'text.{one} = "{{clinic}}: wear sunscreen. {{phone}}"\n' for one in ("en", "es"))
    assert "sunscreen" == parse_protocol("ours", added + words).steps[-1].key


def test_what_a_protocol_comes_to_is_a_file_of_the_same_version() -> None:
    for protocol in (*shipped().values(), parse_protocol("ours", OURS)):
        assert protocol.version == parse_protocol(protocol.id, as_toml(protocol)).version


def test_every_problem_names_the_line_of_the_file_and_what_to_write() -> None:
    for wrong, instead, line, says in (
        ("based_on =", "basedon  =", 2, "did you mean based_on?"),
        (BASE.version, "latest", 2, f'write based_on = "{BASE.version}"'),
        ("no-waxing", "no-wax", 4, "did you mean no-waxing?"),
        ('"screening"', '"no-tanning"', 3, "is on already"),
        ("days = 10", "dayz = 10", 7, "did you mean days?"),
        ("days = 10", 'days = "10"', 7, "whole number without quotes"),
        ("no-tanning", "no-taning", 9, "did you mean no-tanning?"),
        ("{visit.date}", "{visit.dat}", 10, "is no placeholder"),
        ("text.en", "txt.en", 10, "did you mean text?"),
        ("text.en =", "text.fr =", 10, "is not among the protocol's languages"),
    ):
        with pytest.raises(ProtocolError) as refused:
            parse_protocol("ours", OURS.replace(wrong, instead))
        first = str(refused.value).split("\n")[0]
        assert (first.startswith(f"ours.toml, line {line}: "), says in first) == (True, True), str(refused.value)


def test_a_base_is_a_file_beside_or_one_that_ships_and_extends_nothing_itself(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(OURS)
    (tmp_path / "branch.toml").write_text(OURS.replace("microneedling-week", "ours"))
    (tmp_path / "typo.toml").write_text(OURS.replace("microneedling-week", "microneedling-wek"))
    (tmp_path / "microneedling-week.toml").write_text(OURS)  # the shipped one, under its own name
    read = load_directory(tmp_path)

    assert ["microneedling-week"] == list(read)
    assert 'itself extends "microneedling-week"; extend that' in read.unreadable["branch"]
    assert "neither beside this file nor among" in read.unreadable["typo"]


def test_a_base_that_has_changed_since_is_known_by_its_version(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(OURS)
    (tmp_path / "old.toml").write_text(OURS.replace(BASE.version, "0123456789ab"))
    read = load_directory(tmp_path)

    assert {"ours": False, "old": True} == {name: one.has_changed for name, one in read.extends.items()}
