"""What patients wrote, on the command line: listed with everybody it may be from, answered, closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import open_engine, writing
from tests.cli.conftest import Ran

ANA = "+14155550123"
NOW = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)


@pytest.fixture
def wrote(clinic: Callable[..., Ran], ana: tuple[str, ...], tmp_path: Path) -> Callable[..., Ran]:
    """Ana and Eva share a phone; somebody has sent words and a photo, and then thanks."""
    assert 0 == clinic(*ana).code
    eva = [word.replace("Ana Lopez", "Eva Lopez") for word in ana]
    assert 0 == clinic(*eva).code
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with writing(engine) as session:
        for number, (text, media) in enumerate([("is this blood normal?", 1), ("thanks!", 0)]):
            receive(session, InboundText(f"SM{number}", ANA, text, NOW, media), NOW)
    engine.dispose()
    return clinic


def test_a_reply_belongs_to_everybody_on_its_number(wrote: Callable[..., Ran]) -> None:
    thanks, first = wrote("replies", "--json").answer
    assert (["Ana Lopez", "Eva Lopez"], "other", True, None) == (
        first["patients"], first["meaning"], first["urgent"], first["closed_at"],
    )  # fmt: skip
    assert ("harmless", False) == (thanks["meaning"], thanks["closed_at"] is None)
    listed = wrote("replies", "--open").out
    assert f"Ana Lopez, Eva Lopez, {ANA}" in listed
    assert f"Ana Lopez, Eva Lopez, {ANA}" in wrote("tasks", "list").out
    assert "is this blood normal? [1 photo received]" in listed
    assert "thanks" not in listed


def test_a_reply_leaves_and_what_the_patient_wrote_stays_open(wrote: Callable[..., Ran]) -> None:
    ran = wrote("reply", "1", "Please call us: ✓")
    said, _, see = ran.err.partition(";")
    assert (0, True) == (ran.code, said.endswith("leaves at once (1 segment, UCS-2 because of '✓')"))
    assert [1] == [one["reply"] for one in wrote("replies", "--open", "--json").answer]
    assert "is a person's reply to reply 1, for enrollment 2." in wrote("explain", see.split()[-1]).out


def test_an_enrollment_is_answered_by_its_number(wrote: Callable[..., Ran]) -> None:
    answer = wrote("reply", "--enrollment", "1", "Please call us.", "--json").answer
    message = answer.pop("message")
    said = {"text": "Glow: Please call us.", "segments": 1, "encoding": "GSM-7"}
    assert {"enrollment": 1, "reply": 2, **said, "dry_run": False} == answer
    (row,) = [row for row in wrote("show", "1", "--json").answer if row["message"] == message]
    assert ("reply-2", "reply", "planned") == (row["step"], row["kind"], row["state"])


def test_what_cannot_be_answered_is_one_sentence(subtests: pytest.Subtests, wrote: Callable[..., Ran]) -> None:
    cases: list[tuple[tuple[str, ...], str]] = [
        (("reply", "9", "Hi"), "There is no reply 9"),
        (("reply", "1", " "), "The reply is empty"),
        (("reply", "nobody", "Hi"), 'There is no enrollment "nobody"'),
        (("close", "9", "--texts", "go-on"), "There is no reply 9"),
        (("close", "1", "--texts", "go-on"), "read all that is open on this number, then release it"),
        (("close", "1"), "missing option"),
    ]
    for command, sentence in cases:
        with subtests.test(command=command, sentence=sentence):
            ran = wrote(*command)
            assert 2 == ran.code
            assert sentence.lower() in ran.err.lower()


def test_urgent_words_end_by_a_release_which_closes_them(wrote: Callable[..., Ran]) -> None:
    assert "ended: open reply 1" in wrote("release", ANA).err
    assert "it was closed already" in wrote("close", "1", "--texts", "go-on").err


def test_a_release_says_which_lifts_leave_and_which_are_past_their_use(
    wrote: Callable[..., Ran], tmp_path: Path
) -> None:
    """Makeup was over on the 8th and retinoids on the 11th; a week of being held counts not against a lift's use."""
    (tmp_path / "clock").write_text("2026-03-18T16:00:00Z")
    said = [line.partition(" (")[0] for line in wrote("release", ANA).err.splitlines() if ", held" in line]
    late, leaves = (
        "held past its use, is not said any more",
        "held meanwhile, leaves at the next open hour",
    )
    both = [f"{step} for {who}" for step in ("retinoids-again", "sun-over") for who in ("Ana Lopez", "Eva Lopez")]
    lifts = [f"{one}, {leaves}" for one in both]
    assert [*lifts, *(f"makeup-again for {who}, {late}" for who in ("Ana Lopez", "Eva Lopez"))] == said


def test_a_reply_is_closed_with_a_decision(wrote: Callable[..., Ran]) -> None:
    stays = wrote("close", "1", "--texts", "stay-held")
    assert "closed; the patient's texts stay held; to let them go on: notifier release PHONE" in stays.err
    assert "ended: 1 hold" in wrote("release", ANA).err


def test_json_at_a_terminal_sends_nothing_unasked(wrote: Callable[..., Ran], at_a_terminal: Callable[..., Ran]) -> None:
    words = ("reply", "1", "Please call us.", "--json")
    shown = at_a_terminal(*words).answer
    assert (True, None) == (shown["dry_run"], shown["message"])
    assert 1 == len(wrote("replies", "--open", "--json").answer)
    assert 0 == at_a_terminal(*words, "--yes").code
    assert ["reply-1"] == [one["step"] for one in wrote("show", "2", "--json").answer if one["kind"] == "reply"]
