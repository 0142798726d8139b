"""A name can be said, and can do nothing else."""

from __future__ import annotations

import pytest

from notifier.domain.names import Name, check_name, clean_person


def test_names_of_people_pass_as_they_are(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, str]] = [
        ("Ana Diaz", "Ana Diaz", "Ana"),
        ("  Ana   Diaz ", "Ana Diaz", "Ana"),
        ("José-Luis O\u2019Neil", "José-Luis O'Neil", "José-Luis"),
        ("J. Smith", "J. Smith", "J."),
        ("Ana B.", "Ana B.", "Ana"),
        ("Nguyễn Thị Minh", "Nguyễn Thị Minh", "Nguyễn"),
        ("李小龙", "李小龙", "李小龙"),
        ("مريم", "مريم", "مريم"),
        ("Jose\u0301", "José", "José"),
    ]
    for raw, full, first in cases:
        with subtests.test(raw=raw, full=full, first=first):
            name = check_name(raw)
            assert (full, first) == (name.full, name.first)


def test_who_treats_is_a_name_with_titles_and_nothing_else(subtests: pytest.Subtests) -> None:
    for typed, said in (
        ("  Dr. Kim,  RN ", "Dr. Kim, RN"), ("Lee O\u2019Neil", "Lee O'Neil"), ("J. B. Smith, M.D.", None), ("", ""),
        ("kim.example", None), ("www kim", None), ("{clinic}", None), ("Kim 2", None), ("Kim/Lee", None), (".", None),
    ):  # fmt: skip
        with subtests.test(typed=typed):
            if said is None:
                with pytest.raises(ValueError, match=r"^the name|^the first name"):
                    clean_person(typed)
            else:
                assert said == clean_person(typed)


def test_case_accents_spaces_and_punctuation_do_not_make_another_patient(subtests: pytest.Subtests) -> None:
    for raw in ("José Díaz", "JOSE DIAZ", "jose  diaz", "Jose\u0301 Diaz", "José Di-az"):
        with subtests.test(raw=raw):
            assert "josediaz" == check_name(raw).folded


def test_what_could_do_more_than_be_said_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("", "the name is empty"),
        ("  ", "the name is empty"),
        ("{{7*7}}", 'a brace ("{")'),
        ("{name.__class__}", 'a brace ("{")'),
        ("$x", 'the character "$"'),
        ("%s", 'the character "%"'),
        ("https://evil.co", 'the character ":"'),
        ("a/b", 'a slash ("/")'),
        ("ana@evil", 'the character "@"'),
        ("evil.co", "a dot that does not end an initial"),
        ("t.co", "a dot that does not end an initial"),
        ("J.R. Smith", "a dot that does not end an initial"),
        ("www evil", 'has "www"'),
        ("Ana\nFree prize", "a line break"),
        ("Ana\u2028Prize", "a line break"),
        ("Ana 2", 'a digit ("2")'),
        ("Ana ٣", 'a digit ("٣")'),
        ("😀", "a picture (grinning face)"),
        ("\u202eanA", "an invisible character (U+202E right-to-left override)"),
        ("An\u200ba", "an invisible character (U+200B zero width space)"),
        ("An\x00a", "an invisible character (U+0000 control)"),
        ("=cmd()", 'the character "="'),
        ("<script>", 'an angle bracket ("<")'),
        ("-foo", "a hyphen that joins no letters"),
        ("Ann-", "a hyphen that joins no letters"),
        ("'", "no letter"),
        ("e" + "\u0316" * 4, "more than three marks"),
        ("a" * 500, "write at most 80"),
        ("a" * 5000, "is 5000 characters long"),
        ("a" * 41 + " Diaz", "the first name is 41 characters long"),
    ]
    for raw, because in cases:
        with subtests.test(raw=raw, because=because):
            with pytest.raises(ValueError) as refused:  # its sentence is what is tested
                check_name(raw)
            assert because in str(refused.value)
            assert "\n" not in str(refused.value)


def test_the_longest_name_passes() -> None:
    raw = f"{'a' * 40} {'b' * 39}"
    assert Name(raw, "a" * 40, raw.replace(" ", "")) == check_name(raw)
