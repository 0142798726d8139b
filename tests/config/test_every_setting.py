"""Every setting, with a bad value of each sort: one sentence that says what to write, never pydantic's words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notifier.config.settings import BadSettings, Settings, load_settings

LITERALS = {
    "NOTIFIER_ENV": "production, demo, test",
    "NOTIFIER_ON_UNKNOWN": "resend_once, review",
    "NOTIFIER_SECOND_FACTOR": "admins, all, off",
    "NOTIFIER_LOG_LEVEL": "DEBUG, INFO, WARNING, ERROR",
}
NUMBERS = {
    "NOTIFIER_WEB_PORT": ("whole number from 0 to 65535", "8080", ("x", "-1", "65536", "80.5", "1e9")),
    "NOTIFIER_METRICS_PORT": ("whole number from 0 to 65535", "9464", ("x", "-1", "65536", "80.5", "1e9")),
    "NOTIFIER_MESSAGES_PER_SECOND": ("number from 0 to 1000", "1", ("x", "-1", "1001", "nan", "inf", "1,5")),
    "NOTIFIER_IN_FLIGHT": ("whole number from 1 to 500", "50", ("many", "0", "501", "2.5")),
    "NOTIFIER_MAX_TEXTS_PER_DAY": ("whole number from 1 to 10", "2", ("two", "0", "11", "-3", "1.5")),
    "NOTIFIER_UNREAD_MINUTES": ("whole number from 1 to 600", "30", ("x", "0", "601", "2.5")),
    "NOTIFIER_RETENTION_DAYS": ("whole number from 30 to 36500", "1460", ("x", "29", "36501", "400.5")),
    "NOTIFIER_BACKUP_KEEP_DAILY": ("whole number of at least 0", "7", ("x", "-1", "2.5")),
    "NOTIFIER_BACKUP_KEEP_WEEKLY": ("whole number of at least 0", "4", ("x", "-1")),
    "NOTIFIER_RECOVER_ABOVE": ("whole number of at least 0", "50", ("x", "-1", "2.5")),
}
NO_SID = ("SK0", "AC" + "g" * 32, "MG" + "0" * 31)
NO_ADDRESS = ("example.org", "ftp://example.org", "https://", "https://[::1", "https://a:99999", "https://a b.org")
OTHERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "NOTIFIER_CLINIC_NAME": ("write", (" ", "glow.com", "Glow {x}", "G" * 61)),
    "NOTIFIER_CLINIC_PHONE": ("write", ("555", "1-800-GLOW-NOW", "call us")),
    "NOTIFIER_TIMEZONE": ("write an IANA name", ("Boston", "EST5", "../etc/passwd", "America/NewYork")),
    "NOTIFIER_SEND_WINDOW": ("write", ("7-9", "09:00", "20:00-09:00", "09:00-09:00", "00:00-24:00")),
    "NOTIFIER_QUIET_DAYS": ("write", ("Sonntag", "Sat-Sun", "2026-02-30", "Mon,Tue,Wed,Thu")),
    "NOTIFIER_STAFFED_HOURS": ("write", ("9 to 5", "Mon-Fri", "Mon-Fri 17:00-09:00", "Xyz 09:00-17:00")),
    "NOTIFIER_AFTER_HOURS_PHONE": ("write", ("555", "call us")),
    "NOTIFIER_CLINICAL_ALERTS": ("write", ("desk@example.org", "mailto:a@b;;mailto:c@d", "mailto:a", "https://")),
    "NOTIFIER_PAGE_HOSTS": ("write host names alone", ("https://a.lan", "a.lan:443", "a_b", ".", ",")),
    "NOTIFIER_AUDIT_COPY": ("write log, or a file", ("logs", "copy.jsonl", "/nowhere/copy.jsonl")),
    "NOTIFIER_STAFF": ("write your name", (" ", "D" * 61, "Da\x07na")),
    "NOTIFIER_PROTOCOLS_DIR": ("name the one with your protocol files", ("nowhere", "/dev/null")),
    "NOTIFIER_BACKUP_DIR": ("name one that exists", ("nowhere", "/dev/null")),
    "NOTIFIER_PUBLIC_URL": ("write it like https://", (*NO_ADDRESS, "https://a.org/?x=1", "https://u:p@a.org")),
    "NOTIFIER_URGENT_ANSWER": ("write", (" ", "Call {number}", "x" * 321)),
    "NOTIFIER_URGENT_ANSWER_ES": ("write", (" ", "Llame al {x}", "x" * 321)),
    "NOTIFIER_ALERT_EMAIL": ("write it like desk@example.org", ("desk", "a@b c", "@", "a@b,,c@d")),
    "NOTIFIER_SMTP_URL": ("write it like smtps://", ("mail.example.org:25", "http://mail", "smtp://", "smtp://[x")),
    "NOTIFIER_ALERT_WEBHOOK": ("write it like https://", NO_ADDRESS),
    "NOTIFIER_HEARTBEAT_URL": ("write it like https://", NO_ADDRESS),
    "NOTIFIER_FIRST_TEXT": ("is neither true nor false; write one of them", ("maybe", "2")),
    "TWILIO_ACCOUNT_SID": ("write AC and 32 hex digits", NO_SID),
    "TWILIO_API_KEY_SID": ("write SK and 32 hex digits", (*NO_SID, "AC" + "0" * 32)),
    "TWILIO_MESSAGING_SERVICE_SID": ("write MG and 32 hex digits", NO_SID),
    "TWILIO_AUTH_TOKEN": ("write the auth token", (" ", "\t")),
    "TWILIO_AUTH_TOKEN_OLD": ("write the auth token", (" ",)),
    "TWILIO_FROM_NUMBER": ("write it like +14155550123", ("415 555 0123", "+0123456789", "Glow", "+1")),
    "TWILIO_API_URL": ("write it like https://", NO_ADDRESS),
}
ELSEWHERE = {
    "NOTIFIER_DATABASE_URL": "the database's own sentences, where it is opened",
    "NOTIFIER_SETTINGS_FILE": "looked for before any setting is read",
    "NOTIFIER_KEY_FILE": "the key file's own sentences, where it is opened",
    "NOTIFIER_CLOCK_FILE": "read where the clock is built",
    "NOTIFIER_OFFICES_FILE": "read where the offices are built",
    "NOTIFIER_ALERT_APPRISE": "Apprise says which addresses it knows, where the channels are built",
    "NOTIFIER_WEB_HOST": "whether it can be listened on shows when the page starts",
    "NOTIFIER_SECRET_KEY": "of the past, and ignored",
    "TWILIO_API_KEY_SECRET": "any characters",
    "NOTIFY_SOCKET": "systemd's own",
    "STATE_DIRECTORY": "systemd's own",
    "WATCHDOG_USEC": "systemd's own",
}


@pytest.fixture(autouse=True)
def _empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sentence(name: str, value: str) -> str:
    """What is said of that one setting."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        with pytest.raises(BadSettings) as caught:
            load_settings()
    said = [one for one in caught.value.sentences if "go together" not in one]
    assert 1 == len(said)
    assert said[0].startswith(f"{name}: ")
    assert not any(word in said[0].lower() for word in ("input should", "valid", "pydantic", "parse"))
    return said[0]


def test_no_setting_is_forgotten_here() -> None:
    """One language stands for all but English."""
    aliases = (str(field.alias) for field in Settings.model_fields.values())
    named = {re.sub(r"(?<=URGENT_ANSWER_)[A-Z]{2}$", "ES", alias) for alias in aliases}
    assert named == {*LITERALS, *NUMBERS, *OTHERS, *ELSEWHERE}


def test_one_of_a_few_words(subtests: pytest.Subtests) -> None:
    for name, words in LITERALS.items():
        for value in ("x", "Production", "1"):
            with subtests.test(name=name, value=value):
                assert f'{name}: "{value}" is none of {words}; write one of them.' == sentence(name, value)


def test_a_number_in_its_range(subtests: pytest.Subtests) -> None:
    for name, (what, example, bad) in NUMBERS.items():
        for value in bad:
            with subtests.test(name=name, value=value):
                expected = f'{name}: "{value}" is no {what}; write it in digits, such as {example}.'
                assert expected == sentence(name, value)


def test_the_others(subtests: pytest.Subtests) -> None:
    for name, (what_to_write, bad) in OTHERS.items():
        for value in bad:
            with subtests.test(name=name, value=value):
                assert what_to_write in sentence(name, value)
