"""The service and every command read the same settings, and say where each came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from notifier.config import settings_file
from notifier.config.settings import BadSettings, effective, load_settings, surroundings
from tests.cli.conftest import _no_settings_from_outside, notifier

__all__ = ["_no_settings_from_outside", "notifier"]


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(settings_file, "SYSTEM", tmp_path / "etc" / "notifier.env")


def write(file: Path, *lines: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def said() -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load_settings()
    return caught.value.sentences


def test_the_nearest_file_is_read_and_a_named_one_before_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().clinic_name is None
    for place, name in (("etc/notifier.env", "System"), ("home/notifier/notifier.env", "Own"), ("here/.env", "Here")):
        write(tmp_path / place, f"NOTIFIER_CLINIC_NAME={name}")
        assert name == load_settings().clinic_name
    monkeypatch.setenv("NOTIFIER_SETTINGS_FILE", str(write(tmp_path / "named.env", "NOTIFIER_CLINIC_NAME=Named")))
    assert "Named" == load_settings().clinic_name
    monkeypatch.setenv("NOTIFIER_SETTINGS_FILE", "gone.env")
    assert ["NOTIFIER_SETTINGS_FILE names gone.env, which is not there; name the file with the settings."] == said()


def test_a_process_that_is_given_its_settings_reads_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's worker must not find the clinic's own account in /etc."""
    write(tmp_path / "etc" / "notifier.env", "NOTIFIER_CLINIC_NAME=System")
    for name, value in surroundings().items():
        monkeypatch.setenv(name, value)
    assert load_settings().clinic_name is None


def test_what_two_readers_of_a_file_would_read_differently_is_refused(subtests: pytest.Subtests) -> None:
    twice = "NOTIFIER_CLINIC_NAME stands in line 1 already; keep one of the two."
    cut_off = "TWILIO_AUTH_TOKEN has a # and no quotes, so it may be cut off; put the value in single quotes."
    for lines, sentence in (
        (("NOTIFIER_CLINIC_NAME=A", "# x", "NOTIFIER_CLINIC_NAME=B"), f".env, line 3: {twice}"),
        (("TWILIO_AUTH_TOKEN=0123 #45",), f".env, line 1: {cut_off}"),
        (("TWILIO_ACOUNT_SID=x",), "TWILIO_ACOUNT_SID is no setting of Notifier; did you mean TWILIO_ACCOUNT_SID?"),
    ):  # fmt: skip
        with subtests.test(sentence=sentence):
            write(Path(".env"), *lines)
            assert [sentence] == said()
    write(Path(".env"), "TWILIO_AUTH_TOKEN='0123456789abcdef0123456789abcde#' # ours", "NOTIFIER_CLINIC_NAME=A # b")
    token = load_settings().twilio_auth_token
    assert token is not None
    assert token.get_secret_value().endswith("#")


def test_a_typo_among_twilios_variables_is_told_and_a_strangers_variable_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TWILIO_PHONE_NUMBER", "+12125550100")
    load_settings()
    monkeypatch.setenv("TWILIO_AUTH_TOKN", "x")
    assert ["TWILIO_AUTH_TOKN is no setting of Notifier; did you mean TWILIO_AUTH_TOKEN?"] == said()


def test_settings_are_shown_masked_with_where_they_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notifier: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(".env"), "NOTIFIER_DATABASE_URL=postgresql+psycopg://app:s3cret@db/n", "NOTIFIER_CLINIC_NAME=Glow")
    monkeypatch.setenv("NOTIFIER_TIMEZONE", "America/New_York")
    token = write(tmp_path / "token", "0123456789abcdef0123456789abcdef")
    token.chmod(0o600)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN_FILE", str(token))
    ran = notifier("settings", "--json")
    assert (0, False) == (ran.code, "s3cret" in ran.out or token.read_text() in ran.out)
    shown = {one["name"]: (one["value"], one["source"]) for one in ran.answer}
    assert ("Glow", "file .env") == shown["NOTIFIER_CLINIC_NAME"]
    assert ("America/New_York", "environment") == shown["NOTIFIER_TIMEZONE"]
    assert ("postgresql+psycopg://app:***@db/n", "file .env") == shown["NOTIFIER_DATABASE_URL"]
    assert ("(set; not shown)", f"file {token}") == shown["TWILIO_AUTH_TOKEN"]
    assert ("09:00-20:00", "default") == shown["NOTIFIER_SEND_WINDOW"]
    assert Path(".env") == effective(load_settings())[0]
    assert "the settings file is" in notifier("settings").err
