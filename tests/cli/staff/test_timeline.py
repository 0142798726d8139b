"""`notifier timeline`: what staff see before anybody is enrolled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TREATED = ("timeline", "microneedling", "--treated-at", "2026-03-07T15:30", "--timezone", "America/New_York")
FIELDS = [
    "step",
    "kind",
    "topics",
    "due_at",
    "due_local",
    "not_before",
    "expires_at",
    "text",
    "segments",
    "encoding",
    "notes",
]


def test_the_json_has_exactly_the_promised_shape(notifier: Callable[..., Any]) -> None:
    answer = notifier(*TREATED, "--json").answer
    top = ["protocol", "version", "treated_at", "timezone", "restrictions", "messages", "unanswered", "left_out"]
    assert top == list(answer)
    assert all(FIELDS == list(message) for message in answer["messages"])
    assert {"topic": "makeup", "until": "2026-03-08T20:30:00+00:00"} == answer["restrictions"][0]


def test_a_patients_own_length_moves_the_end_and_a_shorter_one_names_who_decided(
    notifier: Callable[..., Any],
) -> None:
    def makeup_ends(*options: str) -> object:
        answer = notifier(*TREATED, *options, "--json").answer
        return next(one["until"] for one in answer["restrictions"] if one["topic"] == "makeup")

    assert "2026-03-10T20:30:00+00:00" == makeup_ends("--restriction", "makeup=3d")
    refused = notifier(*TREATED, "--restriction", "makeup=12h")
    assert 2 == refused.code
    assert "is shorter than the protocol's" in refused.err
    assert "2026-03-08T08:30:00+00:00" == makeup_ends("--restriction", "makeup=12h", "--decided-by", "Dr. Kim")


def test_an_appointment_has_only_what_is_said_before_it(notifier: Callable[..., Any]) -> None:
    appointment = ("--appointment-at", "2026-03-07T15:30", "--timezone", "America/New_York")
    answer = notifier("timeline", "microneedling-24h", *appointment, "--json").answer
    assert {"prepare"} == {message["kind"] for message in answer["messages"]}
    assert (None, []) == (answer["treated_at"], answer["restrictions"])
    assert "2026-03-07T15:30:00-05:00" == answer["appointment_at"]


def test_unset_clinic_settings_show_as_placeholders(notifier: Callable[..., Any]) -> None:
    shown = notifier(*TREATED).out
    assert "[clinic name]: you may wear makeup again. Questions? [clinic phone]." in shown


def test_settings_fill_the_texts(notifier: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_CLINIC_NAME", "Glow")
    monkeypatch.setenv("NOTIFIER_CLINIC_PHONE", "212-555-0100")
    monkeypatch.setenv("NOTIFIER_TIMEZONE", "America/New_York")
    assert "Glow: you may wear makeup again. Questions? 212-555-0100." in notifier(*TREATED[:-2]).out


def test_a_pipe_gets_every_text_in_one_piece_and_no_colors(notifier: Callable[..., Any]) -> None:
    plain, exact = notifier(*TREATED).out, notifier(*TREATED, "--json").answer
    assert [] == [message["text"] for message in exact["messages"] if message["text"] not in plain]
    assert "\x1b" not in plain


def test_a_terminal_of_80_columns_shows_every_word(at_a_terminal: Callable[..., Any]) -> None:
    """No line is longer than the screen, and no text is cut: only folded between its words."""
    shown = at_a_terminal(*TREATED).out
    assert 80 >= max(map(len, shown.splitlines()))
    text = "your days out of the sun are over. Keep using sunscreen each day. Questions? [clinic phone]."
    assert text in " ".join(shown.replace("day 7", "").replace("4:30 PM", "").split())
    assert "…" not in shown


def test_json_stays_json_at_a_terminal(at_a_terminal: Callable[..., Any]) -> None:
    assert 5 == len(at_a_terminal(*TREATED, "--json").answer["messages"])


BAD = [
    ((), "missing argument 'protocol'"),
    (("microneedlin",), "did you mean microneedling?"),
    (("microneedling", "--treated-ta", "x"), "--treated-at"),
    (("microneedling", "--treated-at", "2026-03-07T15:30"), "--timezone is missing"),
    ((*TREATED[1:-1], "America/Newyork"), "America/New_York"),
    ((*TREATED[1:], "--appointment-at", "2026-03-07T15:30"), "say one of --treated-at"),
    (("microneedling", "--timezone", "America/New_York"), "say one of --treated-at"),
    (("microneedling", "--treated-at", "2026-03-07", "--timezone", "UTC"), "write it like 2026-03-07T15:30"),
    ((*TREATED[1:], "--answer", "shaves"), "write it like --answer shaves=yes"),
    ((*TREATED[1:], "--answer", "shaves=yes"), "it asks none"),
    ((*TREATED[1:], "--language", "fr"), "say one of en, es"),
    ((*TREATED[1:], "--name", "Ana {phone}"), "a brace"),
    ((*TREATED[1:], "--phone", "12"), "+14155550123"),
    (("no-such-file.toml", *TREATED[2:]), "cannot be read"),
]


def test_bad_input_is_one_sentence_and_exit_2(subtests: pytest.Subtests, notifier: Callable[..., Any]) -> None:
    for args, instead in BAD:
        with subtests.test(args=args, instead=instead):
            ran = notifier("timeline", *args)
            assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n")), ran.err
            assert instead in ran.err


def test_bad_configuration_is_exit_78(notifier: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SEND_WINDOW", "07:00-20:00")
    ran = notifier(*TREATED)
    assert (78, "") == (ran.code, ran.out)
    assert "NOTIFIER_SEND_WINDOW" in ran.err


def test_a_preview_takes_number_and_provider_as_enrolling_does(notifier: Callable[..., Any], tmp_path: Path) -> None:
    """A number of a new area code by a person's word; who treated, in the words."""
    plan = """
        title = "Plain"
        source = "Made for tests."
        [[steps]]
        key = "today"
        kind = "care"
        at = { hours = 1 }
        stale_after = { hours = 8 }
        text.en = "{clinic}: {provider} wishes you well."
    """
    (tmp_path / "plain.toml").write_text(plan)
    when = ("--treated-at", "2026-03-07T15:30", "--timezone", "America/New_York", "--json")
    new = ("timeline", "plain.toml", *when, "--phone", "621-555-0101")
    refused = notifier(*new)
    assert (2, True) == (refused.code, "its area code is new" in refused.err + refused.out)
    said = notifier(*new, "--new-area-code", "--provider", "Dr.  Kim")
    assert ["[clinic name]: Dr. Kim wishes you well."] == [one["text"] for one in said.answer["messages"]], said
    refused = notifier(*new, "--new-area-code", "--provider", "K" * 41)
    assert (2, True) == (refused.code, "provider is 41 characters long; write at most 40" in refused.err + refused.out)
