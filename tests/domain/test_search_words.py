"""What is typed at the desk, and what it may find."""

from __future__ import annotations

import pytest

from notifier.domain.refused import Refused
from notifier.domain.search_words import SearchTerms, read_search, words_of_enrollment

PATIENTS = {
    "maria": ("María-José O’Brien de la Cruz", "+14155550123", "VISIT-4711", "Dr. Kim, RN"),
    "soren": ("Søren Łukasz", "+442079460958", None, None),
    "ana": ("Ana Ruiz", "+12125550199", "2026/0042", None),
}


def finds(typed: str) -> set[str]:
    """As the database does it: every word begins a kept one, or all of it is one."""
    terms = read_search(typed)
    return {who for who, said in PATIENTS.items() if _found({word for _, word in words_of_enrollment(*said)}, terms)}


def _found(kept: set[str], terms: SearchTerms) -> bool:
    every = all(any(word.startswith(one) for word in kept for one in term) for term in terms.words)
    return every or terms.exact in kept


def test_a_patient_is_found_by_whatever_staff_know(subtests: pytest.Subtests) -> None:
    maria, soren, ana = {"maria"}, {"soren"}, {"ana"}
    cases = {
        "maria": maria, "Cruz, Maria": maria, "CRUZ MARI": maria, "delacruz": maria, "o'brien": maria, "brien": maria,
        "maria-jose": maria, "mariajose": maria, "soren lukasz": soren, "SØREN": soren, "Lukasz, Søren": soren,
        "0123": maria, "555 0123": maria, "(415) 555–0123": maria, "+1 415-555-0123": maria,
        "001 415 555 0123": maria, "011 44 20 7946 0958": soren, "020 7946 0958": soren, "5550": maria | ana,
        "Ana 0199": ana, "Cruz 415": maria, "visit-4711": maria, "Visit 4711": maria, "2026/0042": ana, "kim": maria,
        "Dr. Kim": maria, "maria ruiz": set(), "0124": set(), "visit": set(), "471": set(), "cru ana": set(),
    }  # fmt: skip
    for typed, who in cases.items():
        with subtests.test(typed):
            assert who == finds(typed)


def test_what_would_find_everybody_is_refused_with_what_to_write(subtests: pytest.Subtests) -> None:
    cases = {"": "nothing to look for", " ,. ": "nothing", "m": "two letters", "12": "3 digits", "a " * 13: "two"}
    for typed, sentence in {**cases, "ab " * 13: "at most 12 words"}.items():
        with subtests.test(typed), pytest.raises(Refused, match=sentence):
            read_search(typed)
