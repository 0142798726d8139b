"""The texts of one step: in every language of its protocol and no other, with placeholders that can be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from schedules.placeholders import PLACEHOLDER, wrong_placeholders
from schedules.restriction import Restriction

Texts = tuple[tuple[str, Mapping[str, str]], ...]
"""Each field of a step that has words, and its words by language."""


def wrong_texts(
    kind: str, said: Texts, languages: Sequence[str], restrictions: Mapping[str, Restriction]
) -> str | None:
    """Where in the step, and what is wrong there, to be read after the step's name; None where nothing is."""
    return next(_wrong(kind, said, languages, restrictions), None)


def _wrong(kind: str, said: Texts, languages: Sequence[str], restrictions: Mapping[str, Restriction]) -> Iterator[str]:
    for field, texts in said:
        if texts and (missing := set(languages) - texts.keys()):
            first = min(missing)
            instead = f'write {field}.{first} = "{{clinic}}: ...", or take "{first}" out of languages'
            yield f": {field} is missing in {', '.join(sorted(missing))}; {instead}"
        if extra := texts.keys() - set(languages):
            yield f": {field}.{min(extra)} is not among the protocol's languages"
        for language, text in texts.items():
            in_answer = field.startswith("answers.")
            for position, why in _wrong_blanks(kind, text, restrictions, in_answer=in_answer):
                yield f", {field}.{language}, position {position}: {why}"
            if stray := re.search(r"[{}]", PLACEHOLDER.sub("", text)):
                yield f", {field}.{language}: a stray {stray[0]!r}; a placeholder is {{clinic}}"
    if not dict(said)["text"]:
        yield f": text is missing in {', '.join(languages)}"


def _wrong_blanks(
    kind: str, text: str, restrictions: Mapping[str, Restriction], *, in_answer: bool
) -> Iterator[tuple[int, str]]:
    printable = {} if kind == "ask" else restrictions
    have_lengths = {topic: one.length is not None for topic, one in printable.items()}
    gates = {topic for topic, one in printable.items() if one.is_gate}
    before = kind == "prepare"
    return wrong_placeholders(text, have_lengths, before_visit=before, in_answer=in_answer, gates=gates)
