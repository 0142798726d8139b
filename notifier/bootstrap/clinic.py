"""What the settings say of the clinic, as the rooms' own small types."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from notifier.actions.alerts import Telling
from notifier.clock import Clock, ShiftedClock
from notifier.db.claims import SendingRules
from notifier.db.tables import CLINIC
from notifier.domain.alerts import AlertRules
from notifier.domain.answers import AnswerRules
from notifier.domain.planning import PlanningRules
from notifier.domain.staffed_hours import StaffedHours
from notifier.settings import BadSettings, Settings
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Gateway
from notifier.sms.twilio_gateway import TwilioGateway
from notifier.telling.tellers import tellers
from schedules.catalogue import protocols_with
from schedules.protocol import CareProtocol
from schedules.send_window import SendWindow, zone_named
from schedules.wording import Voice

CLINIC_NAME_UNSET, CLINIC_PHONE_UNSET = "[clinic name]", "[clinic phone]"
_SPARE_CONNECTIONS = 5


def planning_rules(settings: Settings) -> PlanningRules:
    """How texts are planned; a protocol must be approved wherever texts go to real phones."""
    return PlanningRules(
        clinic_id=CLINIC,
        voice=Voice(settings.clinic_name or CLINIC_NAME_UNSET, settings.clinic_phone or CLINIC_PHONE_UNSET),
        timezone=settings.timezone or "UTC",
        window=SendWindow.parse(settings.send_window),
        max_texts_per_day=settings.max_texts_per_day,
        must_be_approved=settings.is_twilios_own,
    )


def protocols(settings: Settings) -> Mapping[str, CareProtocol]:
    """What this clinic may enroll on. Raises ProtocolError."""
    return protocols_with(settings.protocols_dir)


def missing_for_planning(settings: Settings) -> tuple[str, ...]:
    """Settings without which nobody may be enrolled, for patients will read what is planned now; in sentences."""
    needed = {
        "NOTIFIER_CLINIC_NAME": (settings.clinic_name, "the name that patients know, such as Glow Skin Clinic"),
        "NOTIFIER_CLINIC_PHONE": (settings.clinic_phone, "the number that patients may call"),
        "NOTIFIER_TIMEZONE": (settings.timezone, "the clinic's IANA zone, such as America/New_York"),
    }
    return tuple(f"{name} is not set; write {what}." for name, (value, what) in needed.items() if not value)


def sending_rules(settings: Settings) -> SendingRules:
    """What is checked again when a text leaves."""
    window = SendWindow.parse(settings.send_window)
    return SendingRules(CLINIC, window, settings.max_texts_per_day, settings.recover_above)


def answer_rules(settings: Settings) -> AnswerRules | None:
    """How urgent words are answered; None where nobody has said in whose name."""
    if not settings.clinic_name or not settings.clinic_phone:
        return None
    given = {"en": settings.urgent_answer, "es": settings.urgent_answer_es}
    words = {language: said for language, said in given.items() if said}
    voice = Voice(settings.clinic_name, settings.clinic_phone)
    return AnswerRules(voice, zone_named(settings.timezone or "UTC"), _staffed(settings), words)


def build_telling(settings: Settings) -> Telling:
    """Who at the clinic is told what is wrong. Raises BadSettings."""
    hidden = (settings.smtp_url, settings.alert_webhook, settings.alert_apprise)
    smtp_url, webhook, apprise = (one.get_secret_value() if one else None for one in hidden)
    try:
        channels = tellers(mail_to=settings.alert_email, smtp_url=smtp_url, webhook=webhook, apprise=apprise)
    except ValueError as error:
        raise BadSettings([f"NOTIFIER_ALERT_APPRISE: {error}."]) from None
    rules = AlertRules(zone_named(settings.timezone or "UTC"), _staffed(settings), settings.public_url is not None)
    return Telling(settings.clinic_name or "Notifier", socket.gethostname(), rules, channels)


def build_clock(settings: Settings) -> Clock:
    """The machine's clock, or the shifted one of demo and tests. Raises BadSettings for a bad clock file."""
    if settings.clock_file is None:
        return Clock()
    try:
        return ShiftedClock(settings.clock_file)
    except ValueError as error:
        raise BadSettings([f"NOTIFIER_CLOCK_FILE: {error}."]) from None


def build_gateway(settings: Settings) -> Gateway:
    """The port to Twilio, or to what speaks its API. Build it inside the event loop that uses it."""
    return TwilioGateway(twilio_account(settings))


def twilio_account(settings: Settings) -> TwilioAccount:
    """The account that texts leave from. Raises BadSettings."""
    secret = settings.twilio_api_key_secret
    try:
        return TwilioAccount(
            account_sid=settings.twilio_account_sid or "",
            auth_token=settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else None,
            api_key_sid=settings.twilio_api_key_sid,
            api_key_secret=secret.get_secret_value() if secret else None,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            from_number=settings.twilio_from_number,
            api_url=settings.twilio_api_url,
            status_callback_base=settings.public_url,
            max_connections=settings.in_flight + _SPARE_CONNECTIONS,
        )
    except ValueError as error:
        raise BadSettings([str(error)]) from None


def _staffed(settings: Settings) -> StaffedHours | None:
    return StaffedHours.parse(settings.staffed_hours) if settings.staffed_hours else None
