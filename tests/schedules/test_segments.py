"""What a text costs, and why."""

from __future__ import annotations

import pytest

from schedules.segments import Segments, count_segments

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""Man, woman, girl, joined: one visible character, 8 UTF-16 units."""


def test_plain_letters_travel_in_gsm_7(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, int]] = [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),  # 2 x 153
        ("a" * 307, 3),
        ("€" * 80, 1),  # an extension character takes two places
        ("€" * 80 + "a", 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # it is not split: the first segment keeps 152
        ("^{}\\[~]|" * 10, 1),
        ("^{}\\[~]|" * 10 + "a", 2),
        ("José, ¿mañana? ÑÉÜ à è ù ì ò £ ¥ § ¡ \n" * 2, 1),
    ]
    for text, segments in cases:
        with subtests.test(text=text, segments=segments):
            assert Segments("GSM-7", segments) == count_segments(text)


def test_one_other_character_makes_the_whole_text_ucs_2_and_is_named(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, int, str]] = [
        ("’" + "a" * 69, 1, "’"),
        ("’" + "a" * 70, 2, "’"),
        ("a" * 133 + "’", 2, "’"),  # 2 x 67
        ("a" * 134 + "’", 3, "’"),
        ("Zoë", 1, "ë"),
        ("sábado", 1, "á"),
        ("no\u00a0break", 1, "\u00a0"),
        ("zero\u200bwidth", 1, "\u200b"),
        ("ok — really ’", 1, "—"),  # the first one
        ("😀" * 35, 1, "😀"),  # 2 units each
        ("😀" * 36, 2, "😀"),
        ("a" * 66 + "😀" + "a" * 66, 3, "😀"),  # not split over two segments
        ("a" * 59 + FAMILY + "a" * 60, 2, FAMILY[0]),
        ("a" * 60 + FAMILY + "a" * 60, 3, FAMILY[0]),  # nor is what looks like one character
    ]
    for text, segments, forced_by in cases:
        with subtests.test(text=text, segments=segments, forced_by=forced_by):
            assert Segments("UCS-2", segments, forced_by) == count_segments(text)
