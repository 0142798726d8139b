"""Consent is a yes: no usual word for no, in any language, passes for a way in which a patient agreed."""

from __future__ import annotations

import pytest

from notifier.domain.consent import check_consent, read_reconsent
from notifier.domain.refused import Refused

NO = (
    "No", "no", "N", "n/a", "FALSE", "false", "0", "-", "?", "off", "none", "unknown", "declined",
    "Declined by phone 3/4",
    "no - asked at the desk", "No, thanks", "not yet", "did not consent",
    "Didn’t sign", "don't text", "do NOT contact", "opted-out", "Unsubscribed",
    "consent refused", "withdrawn 2026-01-02", "form not signed", "patient said no",
    "No aceptó", "NO ACEPTO", "rechazó", "Sin firma", "sin consentimiento",
    "Opt-in: No", "SMS \N{EN DASH} no", "disagrees", "0.0", "nein", "Non", "ne", "\N{BALLOT BOX}",
    "aún no", "se dio de baja", "falso", "no quiere textos",
)  # fmt: skip
YES = (
    "\N{CHECK MARK}", "Opt in: yes", "signed form", "Asked at the desk", "yes", "YES", "y", "TRUE", "1", "x", "sí",
    "Said yes on the phone", "written (not scanned)",
    "verbal, no questions", "firmó el formulario", "dijo que sí", "de palabra, no hubo preguntas",
)  # fmt: skip


def test_a_no_is_refused_in_any_usual_word_and_a_yes_is_kept_as_it_stands() -> None:
    assert [word for word in NO if _kept(word) is not None] == []
    assert [_kept(word) for word in YES] == list(YES)


def test_the_sentence_says_what_stood_there_and_what_to_do() -> None:
    with pytest.raises(ValueError, match='consent says "No": leave the patient out, or write how consent was given'):
        check_consent(" No ")


def _kept(word: str) -> str | None:
    try:
        return check_consent(word)
    except ValueError:
        return None


def test_a_no_does_not_end_an_opt_out_and_nothing_said_is_nothing() -> None:
    assert (None, "signed again") == (read_reconsent("  "), read_reconsent(" signed  again "))
    with pytest.raises(Refused, match='reconsent says "declined": leave the patient out'):
        read_reconsent("declined")
