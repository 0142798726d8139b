"""Every mistake in the configuration is one sentence that names the variable and says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifier.bootstrap.preflight import check_ready_to_send
from notifier.config.settings import BadSettings, load_settings

ACCOUNT = "AC" + "0" * 32


@pytest.fixture(autouse=True)
def _empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sentences() -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load_settings()
    return caught.value.sentences


def test_a_bad_value_is_one_sentence(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, str]] = [
        ("NOTIFIER_SEND_WINDW", "x", "is no setting of Notifier; did you mean NOTIFIER_SEND_WINDOW?"),
        ("NOTIFIER_SEND_WINDOW", "7-9", '"7-9" is not a send window; write it like 09:00-20:00.'),
        ("NOTIFIER_TIMEZONE", "America/NewYork", "write an IANA name such as America/New_York."),
        ("NOTIFIER_MESSAGES_PER_SECOND", "-1", '"-1" is no number from 0 to 1000; write it in digits, such as 1.'),
        ("NOTIFIER_ON_UNKNOWN", "maybe", '"maybe" is none of resend_once, review; write one of them.'),
        ("NOTIFIER_PUBLIC_URL", "texts.example.org", "write it like https://texts.example.org."),
        ("NOTIFIER_PUBLIC_URL", "https://a_b.example.org", "Twilio refuses a host name with an underscore"),
        ("NOTIFIER_PROTOCOLS_DIR", "nowhere", "nowhere is not a directory"),
        ("TWILIO_ACCOUNT_SID", "SK0", "write AC and 32 hex digits."),
        ("TWILIO_FROM_NUMBER", "415 555 0123", "write it like +14155550123."),
        ("NOTIFIER_STAFFED_HOURS", "9 to 5", "write days and hours like Mon-Fri 09:00-17:00"),
        ("NOTIFIER_URGENT_ANSWER", "Call {number}", "only {clinic} and {phone} are filled in"),
        ("NOTIFIER_URGENT_ANSWER_ES", "x" * 321, "it has 321 characters"),
        ("NOTIFIER_ALERT_WEBHOOK", "alerts.example.org/s3cret", "this is not a web address"),
        ("NOTIFIER_HEARTBEAT_URL", "ftp://s3cret.example.org", "this is not a web address"),
        ("NOTIFIER_SMTP_URL", "mail.example.org:25", "this is not a mail server"),
        ("NOTIFIER_SMTP_URL", "smtp://u:p:s3cret@:587", "this is not a mail server"),
        ("NOTIFIER_ALERT_EMAIL", "desk", "this is not an e-mail address"),
        ("NOTIFIER_CLINIC_NAME", "https://glow.example", "it looks like a link"),
        ("NOTIFIER_CLINIC_NAME", "glow.com", "it looks like a link"),
        ("NOTIFIER_CLINIC_NAME", "Glow {name}", 'it has "{"'),
        ("NOTIFIER_CLINIC_NAME", "Glow\nSkin", "it is blank or has a line break"),
        ("NOTIFIER_CLINIC_NAME", " ", "it is blank"),
        ("NOTIFIER_CLINIC_NAME", "G" * 61, "it has 61 characters"),
        ("NOTIFIER_CLINIC_PHONE", "555", "write it with its area code"),
        ("NOTIFIER_CLINIC_PHONE", "555-0100 ext. 12345", "write it with its area code"),
        ("NOTIFIER_CLINIC_PHONE", "1-800-GLOW-NOW", "this is not a number that a patient can call"),
        ("NOTIFIER_CLINIC_PHONE", "(212) 555-0199\n", "this is not a number that a patient can call"),
    ]
    for name, value, sentence in cases:
        with subtests.test(name=name, value=value), pytest.MonkeyPatch.context() as patch:
            patch.setenv(name, value)
            (said,) = sentences()
            assert said.startswith(name)
            assert sentence in said
            assert "s3cret" not in said


def test_mail_needs_both_who_is_told_and_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_ALERT_EMAIL", "desk@glow.example, eva@glow.example")
    (said,) = sentences()
    assert "NOTIFIER_SMTP_URL (by which mail server) go together" in said
    monkeypatch.setenv("NOTIFIER_SMTP_URL", "smtps://texts%40glow.example:s3cret@mail.glow.example:465")
    assert "s3cret" not in repr(load_settings())


def test_a_typo_in_the_env_file_is_refused() -> None:
    Path(".env").write_text("NOTIFIER_CLINC_NAME=Glow\n", encoding="utf-8")
    assert ["NOTIFIER_CLINC_NAME is no setting of Notifier; did you mean NOTIFIER_CLINIC_NAME?"] == sentences()


def test_a_clinic_is_called_and_calls_itself_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Dr. Rivera Skin & Laser", "Peau Élégante", "St. Mary's"):
        for phone in ("(212) 555-0199", "+1 212 555 0199", "212.555.0199 x12", "212-555-0199 ext. 4"):
            monkeypatch.setenv("NOTIFIER_CLINIC_NAME", name)
            monkeypatch.setenv("NOTIFIER_CLINIC_PHONE", phone)
            settings = load_settings()
            assert (name, phone) == (settings.clinic_name, settings.clinic_phone)


def test_a_line_of_the_env_file_is_never_passed_over(subtests: pytest.Subtests) -> None:
    cases: list[tuple[bytes, str]] = [
        (b"NOTIFIER_ENV=test\n\nNOTIFIER_TIMEZONE UTC\n", ".env, line 3: this is no NAME=value"),
        (b"NOTIFIER_CLINIC_NAME='Glow\n", ".env, line 1: this is no NAME=value"),
        (b"# a remark\nNOTIFIER_TIMEZONE\n", ".env, line 2: this name has no = behind it"),
        (b"\nNOTIFIER_CLINIC_NAME=Caf\xe9\n", ".env, line 2: this is not UTF-8"),
    ]
    for content, sentence in cases:
        with subtests.test(content=content, sentence=sentence):
            Path(".env").write_bytes(content)
            (said,) = sentences()
            assert said.startswith(sentence)


def test_an_env_file_may_begin_with_the_mark_of_a_windows_editor() -> None:
    Path(".env").write_bytes(b"\xef\xbb\xbfNOTIFIER_TIMEZONE=UTC\r\n\r\n")
    assert "UTC" == load_settings().timezone


def test_an_env_file_that_cannot_be_read_is_one_sentence() -> None:
    Path(".env").mkdir()
    (said,) = sentences()
    assert said.endswith(".env cannot be read (Is a directory); let the user that runs notifier read it.")


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFIER_NAME", "NOTIFIER_WEB_PORT", "NOTIFIER_LOG_LEVEL"):
        monkeypatch.setenv(name, "x")
    assert 3 == len(sentences())


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "")
    assert None is load_settings().twilio_account_sid


def test_a_secret_comes_from_a_credential_then_a_file_then_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def token() -> str:
        found = load_settings().twilio_auth_token
        return found.get_secret_value() if found else ""

    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "from the environment")
    assert "from the environment" == token()
    file = tmp_path / "token"
    file.write_text("from a file\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN_FILE", str(file))
    assert "from a file" == token()
    (tmp_path / "TWILIO_AUTH_TOKEN").write_text("from systemd", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "from systemd" == token()


def test_a_secret_file_that_others_may_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret", encoding="utf-8")
    file.chmod(0o644)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN_FILE", str(file))
    assert [f"TWILIO_AUTH_TOKEN_FILE: others may read {file}; run `chmod 600 {file}`."] == sentences()


@pytest.mark.parametrize(
    ("env", "api", "allowed"),
    [
        ("production", "http://127.0.0.1:9", False),
        ("test", "https://api.twilio.com", False),
        ("demo", "https://api.dublin.ie1.twilio.com", False),
        ("test", "http://127.0.0.1:9", True),
        ("demo", "http://127.0.0.1:9", True),
    ],
)
def test_the_clock_is_shifted_only_where_nobody_is_texted(
    monkeypatch: pytest.MonkeyPatch, env: str, api: str, allowed: bool
) -> None:
    monkeypatch.setenv("NOTIFIER_ENV", env)
    monkeypatch.setenv("TWILIO_API_URL", api)
    monkeypatch.setenv("NOTIFIER_CLOCK_FILE", "clock")
    if allowed:
        assert Path("clock") == load_settings().clock_file
    else:
        assert "NOTIFIER_CLOCK_FILE shifts the clock" in sentences()[0]


def test_the_second_factor_is_off_only_where_no_text_reaches_a_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SECOND_FACTOR", "off")
    for env, api, allowed in (
        ("demo", "http://127.0.0.1:1", True),
        ("test", "http://127.0.0.1:1", True),
        ("production", "http://127.0.0.1:1", False),
        ("test", "https://api.twilio.com", False),
    ):
        monkeypatch.setenv("NOTIFIER_ENV", env)
        monkeypatch.setenv("TWILIO_API_URL", api)
        if allowed:
            assert "off" == load_settings().second_factor
        else:
            assert "NOTIFIER_SECOND_FACTOR=off goes with" in sentences()[0]


def test_a_worker_without_anything_is_told_everything_it_needs() -> None:
    with pytest.raises(BadSettings) as caught:
        check_ready_to_send(load_settings())
    assert 4 == len(caught.value.sentences)
    assert "notifier demo" in caught.value.sentences[-1]


def test_a_complete_worker_is_ready() -> None:
    check_ready_to_send(
        load_settings(
            clinic_name="Glow", clinic_phone="212-555-0199", timezone="America/New_York", twilio_account_sid=ACCOUNT,
            twilio_auth_token="secret", twilio_from_number="+15005550006",
        )
    )  # fmt: skip


def test_a_secret_is_not_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "hush")
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", "postgresql://u:hush@h/d")
    assert "hush" not in repr(load_settings())
