"""A protocol is checked, approved and enrolled on in a language that is there whole, and in no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.made_up import TEN_LINES, speak_esperanto

ENROLL = (
    *("enroll", "--name", "Ana Lopez", "--phone", "+14155550123", "--protocol", "senpeka"),
    *("--consent", "signed form", "--treated-at", "2026-03-07T15:30"),
)
COMMANDS = (
    ("protocols", "check"),
    ("protocols", "check", "own/senpeka.toml"),
    ("protocols", "approve", "senpeka", "--by", "Dr. Rivera", "--yes"),
    ("timeline", "senpeka", "--treated-at", "2026-03-07T15:30"),
    ENROLL,
)


@pytest.fixture
def languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of languages, `eo` among them; a protocol in it is the clinic's own."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "senpeka.toml").write_text(TEN_LINES)
    monkeypatch.setenv("NOTIFIER_PROTOCOLS_DIR", str(own))
    return speak_esperanto(tmp_path, monkeypatch)


def test_with_its_folder_every_command_takes_it(clinic: Callable[..., Ran], languages: Path) -> None:
    ran = {command: clinic(*command) for command in COMMANDS}
    assert dict.fromkeys(COMMANDS, 0) == {command: one.code for command, one in ran.items()}
    assert "sen ŝminko ĝis dimanĉo 8 Marto 16:30" in " ".join(ran[ENROLL].out.split())


def test_without_a_part_of_it_every_command_refuses_it_and_says_the_part(
    clinic: Callable[..., Ran], languages: Path
) -> None:
    (languages / "eo" / "card.toml").unlink()
    lacks = "the language eo is not complete here: schedules/languages/eo needs card.toml"
    for command in COMMANDS:
        ran = clinic(*command)
        assert 0 != ran.code, command
        assert f'this protocol has texts in "eo", and {lacks}' in " ".join(ran.err.split()), command
    assert 0 == clinic(*("microneedling" if word == "senpeka" else word for word in ENROLL)).code
