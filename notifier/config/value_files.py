"""Where a setting may come from beside the environment: systemd credentials, and files named by `NAME_FILE`."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from notifier.domain.errors import BadConfiguration

SECRETS = (
    "NOTIFIER_DATABASE_URL",
    "NOTIFIER_SECRET_KEY",
    "NOTIFIER_SMTP_URL",
    "NOTIFIER_ALERT_WEBHOOK",
    "NOTIFIER_ALERT_APPRISE",
    "NOTIFIER_CLINICAL_ALERTS",
    "NOTIFIER_HEARTBEAT_URL",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_AUTH_TOKEN_OLD",
    "TWILIO_API_KEY_SECRET",
)


class UnreadableFile(BadConfiguration):
    """A file that should hold a setting cannot be read, or others can read it; in a sentence."""


def variable(field: str) -> str:
    """The variable that sets a field."""
    of_others = field.startswith(("twilio_", "notify_", "state_", "watchdog_"))
    return field.upper() if of_others else f"NOTIFIER_{field.upper()}"


class ValueFiles(PydanticBaseSettingsSource):
    """Systemd credentials and `…_FILE` variables, as an environment names them."""

    def __init__(self, settings_cls: type[BaseSettings], environment: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._environment = environment

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # not one by one
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        credentials = self._environment.get("CREDENTIALS_DIRECTORY")
        for name in map(variable, self.settings_cls.model_fields):
            if credentials and (file := Path(credentials, name)).is_file():
                found[name] = _content(file, name)
            elif name in SECRETS and (path := self._environment.get(f"{name}_FILE")):
                found[name] = _secret(Path(path), f"{name}_FILE")
        return found


def _secret(file: Path, name: str) -> str:
    try:
        mode = file.stat().st_mode
    except OSError:
        raise UnreadableFile(f"{name}: {file} cannot be read; name a file that the service may read.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnreadableFile(f"{name}: others may read {file}; run `chmod 600 {file}`.")
    return _content(file, name)


def _content(file: Path, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise UnreadableFile(f"{name}: {file} cannot be read; name a text file that the service may read.") from None
