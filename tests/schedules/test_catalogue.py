"""Protocol files: what may be left out, and what a person reads when something in them is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules.catalogue import (
    ProtocolError,
    load_directory,
    load_protocol,
    parse_protocol,
    protocols_with,
    shipped,
)
from schedules.offsets import Span

TEN_LINES = """\
title  = "Light peel"
source = "Our own aftercare sheet"
restrictions.makeup    = { hours = 24 }
restrictions.retinoids = { until_day = 4 }
restrictions.sun       = { days = 7 }
steps = [
  { key = "today", topics = ["makeup", "retinoids", "sun"], at = { hours = 1 } },
  { key = "makeup-again", lifts = ["makeup"] },
  { key = "retinoids-again", lifts = ["retinoids"] },
  { key = "sun-over", lifts = ["sun"] } ]
"""


def test_a_protocol_with_three_restrictions_takes_ten_lines() -> None:
    assert len(TEN_LINES.splitlines()) == 10
    protocol = parse_protocol("light-peel", TEN_LINES)

    assert protocol.id == "light-peel"
    assert protocol.languages == ("en", "es")
    today, makeup, retinoids, sun = protocol.steps
    assert today.text["en"] == (
        "{clinic}: no makeup until {makeup.until}, no retinol until {retinoids.until}, no sun until {sun.until}. "
        "{phone}. STOP to opt out."
    )
    assert makeup.text["en"] == "{clinic}: you may wear makeup again. Questions? {phone}. STOP to opt out."
    assert "as your prescriber says" in retinoids.text["en"]
    assert "you may" not in sun.text["en"]
    assert [None, *[Span(days=2)] * 3] == [step.stale_after for step in protocol.steps]


def test_a_lift_of_several_topics_says_what_is_allowed_and_then_what_is_over() -> None:
    written = TEN_LINES.replace('lifts = ["makeup"]', 'lifts = ["makeup", "sun"]')

    assert (
        parse_protocol("light-peel", written)
        .steps[1]
        .text["en"]
        .startswith("{clinic}: you may wear makeup again; your days out of the sun are over, but")
    )


def test_a_default_is_part_of_the_version_as_if_it_had_been_written() -> None:
    said = TEN_LINES.replace('lifts = ["makeup"]', 'lifts = ["makeup"], stale_after = { days = 2 }')
    other = TEN_LINES.replace('lifts = ["makeup"]', 'lifts = ["makeup"], stale_after = { days = 3 }')

    assert parse_protocol("light-peel", said).version == parse_protocol("light-peel", TEN_LINES).version
    assert parse_protocol("light-peel", other).version != parse_protocol("light-peel", TEN_LINES).version


@pytest.mark.parametrize(
    ("line", "languages"),
    [
        ("", ("en", "es")),
        ('languages = ["en"]', ("en",)),
        ('languages = ["es", "en"]', ("es", "en")),
    ],
)
def test_the_file_decides_on_its_languages_else_all_that_every_step_can_be_said_in(
    line: str, languages: tuple[str, ...]
) -> None:
    assert parse_protocol("light-peel", f"{line}\n{TEN_LINES}").languages == languages


def test_a_file_that_writes_in_english_alone_is_in_english() -> None:
    written = TEN_LINES.replace('lifts = ["sun"] }', 'lifts = ["sun"], text.en = "{clinic}: a week is over." }')

    assert parse_protocol("light-peel", written).languages == ("en",)


SENTENCES = [
    (
        "hours = 1 }",
        "hours = 1 }, stale_afer = { hours = 8 }",
        'step "today": stale_afer is no field here; did you mean stale_after?',
    ),
    ("hours = 1 }", "hors = 1 }", 'step "today": at.hors is no field here; did you mean hours?'),
    ("hours = 24", "ours = 24", 'restriction "makeup": ours is no field here; did you mean hours?'),
    ("title ", "tittle ", "tittle is no field here; did you mean title?"),
    (
        "hours = 24",
        'hours = "24"',
        'restriction "makeup": hours must be a whole number without quotes; write hours = 24',
    ),
    ("hours = 24", "hours = 0", 'restriction "makeup": hours must be at least 1'),
    ("{ hours = 24 }", "24", 'restriction "makeup": it must be a table; write makeup = { hours = 24 }'),
    (
        "hours = 24",
        "hours = 24, days = 1",
        'restriction "makeup": say exactly one of hours, days, until_day, weeks, months; 2 are given (hours, days)',
    ),
    (
        'key = "today"',
        'key = "To day"',
        'step "To day": key is not a name; write small letters, digits and single hyphens, such as "makeup-again"',
    ),
    ('key = "today", ', "", 'step number 1: key is missing; write key = "makeup-again"'),
    ('lifts = ["makeup"]', 'lifts = "makeup"', 'step "makeup-again": lifts must be a list; write lifts = ["makeup"]'),
    (
        'lifts = ["makeup"]',
        'lifts = ["makup"]',
        'step "makeup-again": "makup" is no restriction of this protocol; did you mean makeup?',
    ),
    (
        'lifts = ["makeup"]',
        'kind = "care", at = { hours = 2 }, text.en = "{clinic}: rest.", text.es = "{clinic}: descanse."',
        'step "makeup-again": stale_after is missing; write stale_after = { hours = 8 }',
    ),
    (
        'lifts = ["makeup"]',
        'kind = "cares"',
        "step \"makeup-again\": kind: 'cares' is not a kind; say one of warning, prepare, restrict,",
    ),
    (
        'lifts = ["makeup"]',
        'lifts = ["makeup"], text.english = "x"',
        'step "makeup-again": text.english is not a language; write two small letters, such as "en"',
    ),
    (
        'lifts = ["makeup"]',
        'lifts = ["makeup"], text.en = "{clinc}"',
        'step "makeup-again", text.en, position 1: {clinc} is no placeholder; did you mean {clinic}? There are ',
    ),
    ("source ", 'id = "x"\nsource ', "id is no field here; the name of the file is the protocol's id"),
]


def test_a_mistake_is_told_in_one_sentence_that_says_where_and_what_to_write(subtests: pytest.Subtests) -> None:
    for written, instead, sentence in SENTENCES:
        with subtests.test(written=written, instead=instead, sentence=sentence):
            assert written in TEN_LINES
            with pytest.raises(ProtocolError) as refused:
                parse_protocol("light-peel", TEN_LINES.replace(written, instead, 1))

            first = str(refused.value).splitlines()[0]
            assert first.startswith(f"light-peel.toml: {sentence}")


def test_a_language_that_one_step_lacks_is_named_with_the_step() -> None:
    written = TEN_LINES.replace('lifts = ["sun"]', 'lifts = ["sun"], text.en = "Over.", text.es = "Ya."')
    written = written.replace("at = { hours = 1 }", 'at = { hours = 1 }, text.en = "Now."')

    with pytest.raises(ProtocolError, match=r'light-peel.toml: step "today": text is missing in es'):
        parse_protocol("light-peel", written)


def test_two_mistakes_are_two_lines() -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_protocol(
            "light-peel", TEN_LINES.replace("until_day = 4", "until_day = 0").replace("days = 7", "days = 0")
        )

    assert str(refused.value).splitlines() == [
        'light-peel.toml: restriction "retinoids": until_day must be at least 1',
        'light-peel.toml: restriction "sun": days must be at least 1',
    ]


def test_what_is_not_toml_is_told_with_line_and_column(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, str]] = [
        ('"Light peel"', "Light peel", r"line 1, column 10: this is not TOML: .*the line reads: title  = Light peel"),
        ("{ days = 7 }", "{ days = 7", r"line 5, column 36: this is not TOML"),
        ('"sun-over"', '"sun-over', r"line 10, column \d+: this is not TOML"),
        (
            "restrictions.sun  ",
            "restrictions.makeup",
            r"line 5, column \d+: this is not TOML: cannot overwrite a value",
        ),
    ]
    for written, instead, where in cases:
        with subtests.test(written=written, instead=instead, where=where):
            assert written in TEN_LINES
            with pytest.raises(ProtocolError, match=rf"^light-peel.toml, {where}"):
                parse_protocol("light-peel", TEN_LINES.replace(written, instead))


def test_a_file_that_ends_too_early_is_told_so() -> None:
    with pytest.raises(
        ProtocolError, match=r"^light-peel.toml, line 1, column 10: this is not TOML: unterminated string"
    ):
        parse_protocol("light-peel", 'title = "')


def test_the_id_is_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "light-peel.toml").write_text("﻿" + TEN_LINES, encoding="utf-8")  # some editors write the mark
    (tmp_path / "notes.txt").write_text("not a protocol")

    assert load_protocol(tmp_path / "light-peel.toml").id == "light-peel"
    assert list(load_directory(tmp_path)) == ["light-peel"]


def test_a_directory_tells_the_problems_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(TEN_LINES.replace("hours = 24", "hours = 0"))
    (tmp_path / "b.toml").write_bytes(b'title = "caf\xe9"')
    (tmp_path / "C d.toml").write_text(TEN_LINES)
    with pytest.raises(ProtocolError) as refused:
        load_directory(tmp_path).all_read()

    named, limit, encoding = str(refused.value).splitlines()
    assert named.startswith("C d.toml: the file name is not a name; write small letters")
    assert limit == 'a.toml: restriction "makeup": hours must be at least 1'
    assert encoding.endswith("b.toml: byte 13 is not UTF-8; save the file as UTF-8")


def test_a_file_that_cannot_be_read_takes_out_itself_and_its_shipped_namesake_alone(tmp_path: Path) -> None:
    (tmp_path / "microneedling.toml").write_text('title = "')
    (tmp_path / "light-peel.toml").write_text(TEN_LINES)
    known = protocols_with(tmp_path)
    assert {*shipped(), "light-peel"} - {"microneedling"} == set(known)
    assert ["microneedling"] == list(known.unreadable)


def test_a_path_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"gone\.toml: cannot be read: No such file"):
        load_protocol(tmp_path / "gone.toml")
    with pytest.raises(ProtocolError, match=r"gone: there is no such directory"):
        load_directory(tmp_path / "gone")
