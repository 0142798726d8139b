"""Settings: the only place that reads the environment. Each mistake is one sentence that says what to write.

Where a value comes from, first found wins: a systemd credential (`$CREDENTIALS_DIRECTORY/NAME`), a file named by
`NAME_FILE` (secrets only), the environment, the settings file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, create_model, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from notifier.config import setting_types as types
from notifier.config.effective import EffectiveSetting, effective_settings
from notifier.config.env_file import check_env_text
from notifier.config.explain import what_to_write
from notifier.config.settings_file import NAMED, NoSettingsFile, find_settings_file
from notifier.config.unknown_names import unknown_name, unknown_variables
from notifier.config.value_files import SECRETS, UnreadableFile, ValueFiles, variable
from notifier.domain.errors import BadConfiguration
from schedules.languages.folders import DEFAULT, codes

TWILIO_API = "https://api.twilio.com"


class BadSettings(BadConfiguration, ValueError):
    """What is wrong with the configuration, one sentence for each mistake."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


if TYPE_CHECKING:
    _OfLanguages = BaseSettings
else:
    # The fixed answer in each language that has a folder, such as NOTIFIER_URGENT_ANSWER_ES; English is a field below.
    _OfLanguages = create_model(
        "_OfLanguages",
        __base__=BaseSettings,
        **{f"urgent_answer_{code}": (types.AnswerWords | None, None) for code in codes() if code != DEFAULT},
    )


class Settings(_OfLanguages):
    """Everything that can be set. A field's variable is `NOTIFIER_` and its name; `TWILIO_…` are called as they are."""

    model_config = SettingsConfigDict(
        extra="forbid",
        env_ignore_empty=True,
        alias_generator=variable,
        populate_by_name=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    env: Literal["production", "demo", "test"] = "production"
    database_url: SecretStr = SecretStr("sqlite:///notifier.db")
    clinic_name: types.ClinicName | None = None
    clinic_phone: types.ClinicPhone | None = None
    timezone: types.ZoneName | None = None
    """The clinic's IANA zone; a patient's own may differ."""
    send_window: types.SendWindowText = "09:00-20:00"
    quiet_days: types.QuietDaysText | None = None
    """Weekdays and dates on which no text leaves that can wait; None: no day is quiet."""
    offices_file: Path | None = None
    """One profile for each office; None: the clinic is one place."""
    protocols_dir: types.ProtocolsDirectory | None = None
    public_url: types.Address | None = None
    web_host: str = "127.0.0.1"
    page_hosts: types.HostNames | None = None
    """The names by which the clinic's own network reaches the page; this machine's own always do."""
    second_factor: Literal["admins", "all", "off"] = "admins"
    """Who must have one to sign in to the page."""
    web_port: int = Field(default=8080, ge=0, le=65535)
    metrics_port: int | None = Field(default=None, ge=0, le=65535, examples=[9464])
    """Where `worker` alone serves /metrics and /healthz, at the same host; None: nowhere."""
    on_unknown: Literal["resend_once", "review"] = "resend_once"
    messages_per_second: float = Field(default=1.0, ge=0, le=1000)
    """Of one sender, over all workers; 0 is no limit."""
    in_flight: int = Field(default=50, ge=1, le=500)
    """Calls to Twilio at the same time."""
    max_texts_per_day: int = Field(default=2, ge=1, le=10)
    first_text: bool = True
    """Whether a text leaves at enrollment that says who writes."""
    recover_above: int = Field(default=50, ge=0)
    """After an outage, more late texts than this wait for a person."""
    notify_socket: str | None = None
    """systemd's own variable: where a service says that it is ready and alive."""
    watchdog_usec: int | None = Field(default=None, gt=0)
    """systemd's own too: microseconds without a sign of life after which it ends the service."""
    state_directory: Path | None = None
    """systemd's own too: where a service keeps what must survive it."""
    retention_days: int | None = Field(default=None, ge=30, le=36500, examples=[1460])
    """So long after the last treatment, text and message a patient is forgotten; None: never by itself."""
    backup_dir: types.BackupDirectory | None = None
    """Where the worker writes a backup of SQLite each day; None: it writes none."""
    backup_keep_daily: int = Field(default=7, ge=0)
    backup_keep_weekly: int = Field(default=4, ge=0)
    key_file: Path | None = None
    """Where the clinic's own key is; None: beside SQLite's file, else in the service's directory for its state."""
    audit_copy: types.AuditCopy | None = None
    """`log`, or a file: where each seal of the audit log is copied to, with what it seals."""
    staff: types.PersonName | None = None
    """Who is at the command line, where the login does not say it."""
    secret_key: SecretStr | None = None
    """Of the past: it is ignored, and whoever still sets it is told once."""
    clock_file: Path | None = None
    settings_file: Path | None = None
    """Read in place of the usual ones."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    urgent_answer: types.AnswerWords | None = None
    """The fixed answer, in English; None is the program's own, as in the other languages."""
    staffed_hours: types.StaffedHoursText | None = None
    """When somebody reads what patients write; None: nobody says."""
    after_hours_phone: types.ClinicPhone | None = None
    """What patients call outside those hours; None: the clinic's phone."""
    alert_email: types.EmailAddresses | None = None
    smtp_url: types.SmtpAddress | None = None
    alert_webhook: types.HiddenAddress | None = None
    alert_apprise: SecretStr | None = None
    clinical_alerts: types.Contacts | None = None
    """Who is told what concerns a patient, one person after the other; None: those above."""
    unread_minutes: int = Field(default=30, ge=1, le=600)
    """Of staffed hours: so long a reply may be unread before its office is told."""
    heartbeat_url: types.HiddenAddress | None = None
    """Asked for each minute that the worker is well; who hears nothing sounds the alarm."""
    twilio_account_sid: types.AccountSid | None = None
    twilio_auth_token: types.Token | None = None
    twilio_auth_token_old: types.Token | None = None
    """While the token is being replaced: what still signs webhooks. It opens nothing."""
    twilio_api_key_sid: types.ApiKeySid | None = None
    twilio_api_key_secret: SecretStr | None = None
    twilio_messaging_service_sid: types.MessagingServiceSid | None = None
    twilio_from_number: types.E164 | None = None
    twilio_api_url: types.Address = TWILIO_API

    @model_validator(mode="after")
    def _clock_only_where_nobody_is_texted(self) -> Self:
        if self.clock_file is not None and (self.env == "production" or self.is_twilios_own):
            raise ValueError(
                "NOTIFIER_CLOCK_FILE shifts the clock: it goes with NOTIFIER_ENV=demo or test, never with Twilio's own "
                "address in TWILIO_API_URL; leave it out"
            )
        return self

    @model_validator(mode="after")
    def _second_factor_where_patients_are_real(self) -> Self:
        if self.second_factor == "off" and (self.env == "production" or self.is_twilios_own):
            raise ValueError(
                "NOTIFIER_SECOND_FACTOR=off goes with NOTIFIER_ENV=demo or test, never with Twilio's own address in "
                "TWILIO_API_URL; write admins or all"
            )
        return self

    @model_validator(mode="after")
    def _mail_needs_both(self) -> Self:
        said = "mailto:" in self.clinical_alerts.get_secret_value() if self.clinical_alerts else False
        said = said or self.offices_file is not None
        if (self.alert_email is not None and self.smtp_url is None) or (
            self.smtp_url is not None and self.alert_email is None and not said
        ):
            raise ValueError(
                "NOTIFIER_ALERT_EMAIL (who is told) and NOTIFIER_SMTP_URL (by which mail server) go together; "
                "set both, or neither"
            )
        return self

    @property
    def hosts_of_pages(self) -> frozenset[str]:
        """The names of NOTIFIER_PAGE_HOSTS."""
        return frozenset((self.page_hosts or "").replace(",", " ").split())

    @property
    def urgent_answers(self) -> dict[str, str]:
        """The clinic's own fixed answers by language."""
        said = {name.removeprefix("urgent_answer"): value for name, value in self if name.startswith("urgent_answer")}
        return {language.removeprefix("_") or DEFAULT: value for language, value in said.items() if value}

    @property
    def retired(self) -> tuple[str, ...]:
        """The names of settings that are given and that nothing reads any more."""
        return ("NOTIFIER_SECRET_KEY",) if self.secret_key is not None else ()

    @property
    def is_twilios_own(self) -> bool:
        """Whether the API address is Twilio's own, so that texts go to real phones."""
        host = urlsplit(self.twilio_api_url).hostname or ""
        return host == "twilio.com" or host.endswith(".twilio.com")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # ours, below, reads two kinds of files
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, ValueFiles(settings_cls, os.environ), env_settings, dotenv_settings)


def load_settings(**given: Any) -> Settings:
    """Read the settings; `given` wins over the environment. Raises BadSettings."""
    file = _file()
    if file is not None and (wrong := _misread(file)):
        raise BadSettings(wrong)
    wrong = unknown_variables(os.environ, _known())
    try:
        settings = Settings(_env_file=file, **given)
    except ValidationError as error:
        raise BadSettings(wrong + [_sentence(one) for one in error.errors(include_url=False)]) from None
    except UnreadableFile as error:
        raise BadSettings([*wrong, str(error)]) from None
    if wrong:
        raise BadSettings(wrong)
    return settings


def effective(settings: Settings) -> tuple[Path | None, list[EffectiveSetting]]:
    """The settings file, and every setting as it holds. Raises BadSettings."""
    file = _file()
    return file, list(effective_settings(settings, os.environ, file))


def login_name() -> str | None:
    """Who came to this terminal, as far as sudo, doas or the login itself say it; None where nothing does."""
    for name in ("SUDO_USER", "DOAS_USER"):
        if (said := os.environ.get(name, "")) and said.isprintable() and said != "root":
            return said
    try:
        return os.getlogin()
    except OSError:  # no terminal, as under cron or systemd
        return None


def surroundings() -> dict[str, str]:
    """The environment without any setting of ours: for a process that is given its settings, all of them."""
    others = ("CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
    ours = ("NOTIFIER_", "TWILIO_")
    rest = {name: value for name, value in os.environ.items() if not name.startswith(ours) and name not in others}
    return rest | {NAMED: os.devnull}


def _file() -> Path | None:
    try:
        return find_settings_file(os.environ)
    except NoSettingsFile as error:
        raise BadSettings([str(error)]) from None


def _misread(file: Path) -> list[str]:
    try:
        return check_env_text(file.read_bytes(), str(file), SECRETS)
    except FileNotFoundError:
        return []
    except OSError as error:
        return [f"{file.resolve()} cannot be read ({error.strerror}); let the user that runs notifier read it."]


def _known() -> list[str]:
    return [*map(variable, Settings.model_fields), *(f"{name}_FILE" for name in SECRETS)]


def _sentence(error: Any) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        return unknown_name(name.upper(), _known())
    what = _instead(name, error) or error["msg"].removeprefix("Value error, ").rstrip(".")
    what = what[:1].lower() + what[1:] if name and not what.startswith(("Twilio", "NOTIFIER")) else what
    return f"{name}: {what}." if name else f"{what}."


def _instead(name: str, error: Any) -> str | None:
    for field, about in Settings.model_fields.items():
        if variable(field) == name:
            example = about.examples[0] if about.examples else about.default
            return what_to_write(error, about.metadata, example)
    return None
