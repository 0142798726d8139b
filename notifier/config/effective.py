"""The settings that hold, each with where it came from; what is secret is only said to be set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from notifier.config.value_files import SECRETS, variable

_PASSWORD: Final = re.compile(r"(?<=://)([^:/@\s]*):[^@\s]+@")
_SYSTEMDS: Final = {"notify_socket", "watchdog_usec", "state_directory"}
_RETIRED: Final = {"secret_key"}


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One setting as it holds."""

    name: str
    """Of its variable."""
    value: str | None
    """Masked where it is secret; None where nothing is set and there is no default."""
    source: str
    """In words: environment, the path of a file, a credential, or default."""


def effective_settings(
    settings: BaseSettings, environment: Mapping[str, str], file: Path | None
) -> Iterator[EffectiveSetting]:
    """Every setting of ours, in the order of `.env.example`."""
    in_file = dotenv_values(file, interpolate=False) if file else {}
    for field in type(settings).model_fields:
        if field in _SYSTEMDS | _RETIRED:
            continue
        name = variable(field)
        yield EffectiveSetting(name, _shown(name, getattr(settings, field)), _source(name, environment, file, in_file))


def _source(name: str, environment: Mapping[str, str], file: Path | None, in_file: Mapping[str, str | None]) -> str:
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    if credentials and (found := Path(credentials, name)).is_file():
        return f"credential {found}"
    if name in SECRETS and (found_in := environment.get(f"{name}_FILE")):
        return f"file {found_in}"
    if environment.get(name):
        return "environment"
    if in_file.get(name):
        return f"file {file}"
    return "default"


def _shown(name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        hidden = value.get_secret_value()
        return _PASSWORD.sub(r"\1:***@", hidden) if name == "NOTIFIER_DATABASE_URL" else "(set; not shown)"
    return str(value)
