"""Whether the settings are enough to begin with; what is missing is named all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from notifier.config.settings import BadSettings, Settings
from notifier.domain.offices import say_lost_offices


def check_ready_to_send(settings: Settings) -> None:
    """Raise BadSettings, naming everything that a worker needs and does not have."""
    wrong = [
        f"{name} is not set; {instead}."
        for name, value, instead in (
            ("NOTIFIER_CLINIC_NAME", settings.clinic_name, "write the name that patients know"),
            ("NOTIFIER_CLINIC_PHONE", settings.clinic_phone, "write the number that patients may call"),
            ("NOTIFIER_TIMEZONE", settings.timezone, "write the clinic's IANA zone, such as America/New_York"),
        )
        if not value
    ]
    if not settings.twilio_account_sid:
        wrong.append(
            "TWILIO_ACCOUNT_SID is not set; write it and its credentials, or try `notifier demo`, which needs none."
        )
    elif not settings.twilio_auth_token and not (settings.twilio_api_key_sid and settings.twilio_api_key_secret):
        wrong.append(
            "Twilio credentials are missing; set TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN."
        )
    if settings.twilio_account_sid and not (settings.twilio_messaging_service_sid or settings.twilio_from_number):
        wrong.append("There is no sender; set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM_NUMBER.")
    if settings.public_url and not settings.twilio_auth_token:
        wrong.append(_UNPROVEN)
    if wrong:
        raise BadSettings(wrong)


def check_ready_to_serve(settings: Settings) -> None:
    """Raise BadSettings, naming everything that the web server needs and does not have."""
    wrong = [_UNPROVEN] if settings.public_url and not settings.twilio_auth_token else []
    if settings.public_url and not settings.twilio_account_sid:
        wrong.append("NOTIFIER_PUBLIC_URL needs TWILIO_ACCOUNT_SID: webhooks of any other account are refused; set it.")
    if wrong:
        raise BadSettings(wrong)


_UNPROVEN: Final = "NOTIFIER_PUBLIC_URL needs TWILIO_AUTH_TOKEN, which proves that a webhook is Twilio's; set it too."


def refuse_lost_offices(enrolled: Mapping[str, int]) -> None:
    """Raise BadSettings for patients of an office that the file does not have: nobody could say who texts them.

    `enrolled`: how many enrollments run at each such office.
    """
    if lost := say_lost_offices(enrolled):
        raise BadSettings(lost)
