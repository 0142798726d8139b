"""`notifier api-key`: made once, listed by its first characters, taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import Ran

Cli = Callable[..., Ran]


def test_a_key_is_shown_once_and_then_only_its_first_characters(clinic: Cli) -> None:
    added = clinic("api-key", "add", "EHR", "--scope", "read", "--scope", "enroll")
    key = added.out.strip()
    assert (0, "nk_", 46) == (added.code, key[:3], len(key))
    listed = clinic("api-key", "list")
    assert key not in listed.out
    assert key[:9] in listed.out
    (told,) = clinic("api-key", "list", "--json").answer
    assert ("EHR", ["enroll", "read"], None) == (told["name"], told["scopes"], told["revoked_at"])


def test_a_revoked_key_stays_in_the_list(clinic: Cli) -> None:
    clinic("api-key", "add", "EHR", "--scope", "read")
    assert 0 == clinic("api-key", "revoke", "EHR").code
    assert "revoked 2026-03-07" in clinic("api-key", "list").out
    assert 0 == clinic("api-key", "add", "EHR", "--scope", "read").code


def test_what_is_wrong_is_one_sentence(subtests: pytest.Subtests, clinic: Cli) -> None:
    cases: list[tuple[tuple[str, ...], str]] = [
        (("add", "EHR"), "say what the key may do; --scope read, --scope enroll, --scope change"),
        (("add", "EHR", "--scope", "everything"), "'everything' is not one of 'read', 'enroll', 'change'"),
        (("add", "  ", "--scope", "read"), "the name is empty"),
        (("add", "x" * 61, "--scope", "read"), "61 characters long; write at most 60"),
        (("revoke", "EHR"), 'there is no key "EHR"; keys are: none'),
    ]
    for words, sentence in cases:
        with subtests.test(words=words, sentence=sentence):
            ran = clinic("api-key", *words)
            assert 2 == ran.code
            assert sentence in ran.err
