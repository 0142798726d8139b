"""What a setting may say. Each function gives the value back, or raises a sentence that never quotes a secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from notifier.alerting.addresses import parse_contacts
from notifier.domain.staffed_hours import StaffedHours
from schedules.quiet_days import clean_quiet_days
from schedules.send_window import SendWindow, zone_named

_EMAIL: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_LONGEST_ANSWER: Final = 320
"""Some two segments: nobody in trouble reads more."""
_LONGEST_NAME: Final = 60
_LINK: Final = re.compile(r"://|\bwww\.|\w\.(?:com|net|org|co|io|us|me|biz|info|health|care|clinic)\b", re.IGNORECASE)
_PHONE: Final = re.compile(r"\+?[0-9() ./-]+(?: ?(?:x|ext\.?) ?[0-9]{1,6})?")


def secret(check: Callable[[str], str]) -> Callable[[SecretStr], SecretStr]:
    """The same check for a value that must not be shown."""
    return lambda value: SecretStr(check(value.get_secret_value()))


def clinic_name(value: str) -> str:
    """What every text begins with: words in one line, no link (carriers filter those) and nothing to be filled in."""
    if not value.strip() or not value.isprintable():
        raise ValueError("it is blank or has a line break; write the name that patients know, in one line")
    if found := re.search(r"[{}<>]", value):
        raise ValueError(f'it has "{found[0]}"; write the name that patients know, such as Glow Skin Clinic')
    if _LINK.search(value):
        raise ValueError("it looks like a link, which carriers filter; write the name without it")
    if len(value) > _LONGEST_NAME:
        raise ValueError(
            f"it has {len(value)} characters; write at most {_LONGEST_NAME}, for every text begins with it"
        )
    return value.strip()


def clinic_phone(value: str) -> str:
    """The number that patients call, as they shall read it; with its area code, for they may live in another one."""
    number = re.split("x|ext", value)[0]
    if not _PHONE.fullmatch(value) or not 10 <= sum(character.isdigit() for character in number) <= 15:
        raise ValueError(
            "this is not a number that a patient can call; write it with its area code, like (212) 555-0199"
        )
    return value


def zone(value: str) -> str:
    """Check the name of an IANA zone; raises ValueError with a near one."""
    return zone_named(value).key


def send_window(value: str) -> str:
    """The hours in which texts may leave, as they are written; raises ValueError with a sentence."""
    return str(SendWindow.parse(value))


def quiet_days(value: str) -> str:
    """Weekdays and dates without texts, as they are kept; raises ValueError with a sentence."""
    return clean_quiet_days(value)


def staffed_hours(value: str) -> str:
    """Check when somebody reads what patients write; raises ValueError with a sentence."""
    StaffedHours.parse(value)
    return value


def plain_address(value: str) -> str:
    """A web address without query, fragment or credentials; without its last slash."""
    parts = _split(value)
    if not _is_web(parts) or parts.query or parts.fragment or parts.username:
        raise ValueError("this is not a plain address; write it like https://texts.example.org")
    if "_" in (parts.hostname or ""):
        raise ValueError("Twilio refuses a host name with an underscore; use another one")
    return value.rstrip("/")


def web_address(value: str) -> str:
    """Check an http or https address; raises ValueError."""
    if not _is_web(_split(value)):
        raise ValueError("this is not a web address; write it like https://alerts.example.org/a-secret-path")
    return value


def smtp_address(value: str) -> str:
    """Check an `smtp://` or `smtps://` address; raises ValueError."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            "this is not a mail server; write it like smtps://user:password@mail.example.org:465, "
            "with any % : / ? # @ of the password percent-encoded"
        )
    return value


def email_addresses(value: str) -> str:
    """Check one or more mail addresses, separated by commas; raises ValueError."""
    for one in value.split(","):
        if not _EMAIL.fullmatch(one.strip()):
            raise ValueError("this is not an e-mail address; write it like desk@example.org, several with commas")
    return value


def contacts(value: str) -> str:
    """Check the addresses of those who are told something; raises ValueError."""
    parse_contacts(value)
    return value


def twilio_sid(prefix: str) -> Callable[[str], str]:
    """Twilio's ids: two letters and 32 hex digits."""

    def check(value: str) -> str:
        if not re.fullmatch(f"{prefix}[0-9a-fA-F]{{32}}", value):
            raise ValueError(f"this is not the SID it should be; write {prefix} and 32 hex digits")
        return value

    return check


def auth_token(value: str) -> str:
    """Refuse a blank token: anybody could sign a webhook with it."""
    if not value.strip():
        raise ValueError("it is blank; write the auth token of the account, or leave it out")
    return value


def e164(value: str) -> str:
    """Check a phone number in E.164, such as +17875550100; raises ValueError."""
    if not re.fullmatch(r"\+[1-9][0-9]{7,14}", value):
        raise ValueError("this is not a number in E.164 form; write it like +14155550123")
    return value


def answer_words(value: str) -> str:
    """The fixed answer to a patient: `{clinic}` and `{phone}` are filled in."""
    rest = re.sub(r"\{(?:clinic|phone)\}", "", value)
    if "{" in rest or "}" in rest or not rest.strip():
        raise ValueError("only {clinic} and {phone} are filled in; write the rest as the patient shall read it")
    if not value.isprintable():
        raise ValueError("it has a character that is no letter, such as a line break; write it in one line")
    if len(value) > _LONGEST_ANSWER:
        raise ValueError(f"it has {len(value)} characters; write at most {_LONGEST_ANSWER}")
    return value


def audit_copy(value: str) -> str:
    """The word `log`, or a file whose directory is there."""
    if value != "log" and not (value.startswith("/") and Path(value).parent.is_dir()):
        raise ValueError("write log, or a file in a directory that is there, such as /mnt/audit/notifier.jsonl")
    return value


def person(value: str) -> str:
    """The name of somebody, as the audit log shows it."""
    if not value.strip() or not value.isprintable() or len(value) > _LONGEST_NAME:
        raise ValueError(f"write your name in one line of at most {_LONGEST_NAME} characters")
    return " ".join(value.split())


def _split(value: str) -> SplitResult:
    """The parts of an address; one that has none comes out empty."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  # raises for a port that is no number up to 65535
    except ValueError:
        return urlsplit("")
    return parts if value.isprintable() and " " not in value else urlsplit("")


def _is_web(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def host_names(value: str) -> str:
    """Names of hosts between commas, without a scheme, a port or a path."""
    names = value.replace(",", " ").lower().split()
    if not names or not all(re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", name) for name in names):
        raise ValueError("write host names alone, such as front-desk.clinic.lan, desk.local")
    return ", ".join(names)


def protocols_directory(value: Path) -> Path:
    """One that exists. Raises ValueError."""
    if not value.is_dir():
        raise ValueError(f"{value} is not a directory; name the one with your protocol files, or leave it out")
    return value


def backup_directory(value: Path) -> Path:
    """One that exists. Raises ValueError."""
    if not value.is_dir():
        raise ValueError(f"{value} is not a directory; name one that exists, best on another disk, or leave it out")
    return value
