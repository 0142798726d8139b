"""What is typed at the desk, and what it may find."""

from __future__ import annotations

import pytest

from notifier.domain.refused import Refused
from notifier.domain.search_words import SearchTerms, read_search, words_of_enrollment

PATIENTS = {
    "maria": ("María-José O’Brien de la Cruz", "+14155550123", "VISIT-4711"),
    "soren": ("Søren Łukasz", "+442079460958", None),
    "ana": ("Ana Ruiz", "+12125550199", "2026/0042"),
}


def finds(typed: str) -> set[str]:
    """As the database does it: every word begins a kept one, or all of it is one."""
    terms = read_search(typed)
    return {who for who, said in PATIENTS.items() if _found({word for _, word in words_of_enrollment(*said)}, terms)}


def _found(kept: set[str], terms: SearchTerms) -> bool:
    every = terms.words and all(any(word.startswith(one) for word in kept for one in term) for term in terms.words)
    return bool(every) or terms.exact in kept


def test_a_patient_is_found_by_whatever_staff_know(subtests: pytest.Subtests) -> None:
    maria, soren, ana = {"maria"}, {"soren"}, {"ana"}
    cases = {
        "maria": maria, "Cruz, Maria": maria, "CRUZ MARI": maria, "delacruz": maria, "o'brien": maria, "brien": maria,
        "maria-jose": maria, "mariajose": maria, "soren lukasz": soren, "SØREN": soren, "Lukasz, Søren": soren,
        "0123": maria, "555 0123": maria, "(415) 555–0123": maria, "+1 415-555-0123": maria,
        "001 415 555 0123": maria, "011 44 20 7946 0958": soren, "020 7946 0958": soren, "5550": maria | ana,
        "Ana 0199": ana, "Cruz 415": maria, "visit-4711": maria, "Visit 4711": maria, "2026/0042": ana,
         "maria ruiz": set(), "0124": set(), "visit": set(), "471": set(), "cru ana": set(),
    }  # fmt: skip
    for typed, who in cases.items():
        with subtests.test(typed):
            assert who == finds(typed)


def test_what_is_in_every_name_or_number_finds_only_what_is_called_so(subtests: pytest.Subtests) -> None:
    for typed in ("m", "12", "1 2", "a o"):
        with subtests.test(typed):
            assert set() == finds(typed)
    assert [{"maria"}, {"ana"}] == [finds("maria 4"), finds("a ruiz")]


def test_nothing_and_too_much_are_refused(subtests: pytest.Subtests) -> None:
    for typed, sentence in {"": "nothing to look for", " ,. ": "nothing", "ab " * 13: "at most 12 words"}.items():
        with subtests.test(typed), pytest.raises(Refused, match=sentence):
            read_search(typed)
