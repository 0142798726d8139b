"""What the settings say of the clinic, as the rooms' own small types."""

from __future__ import annotations

import socket

from notifier.clock import Clock, ShiftedClock
from notifier.config.offices_file import BadOffices, parse_offices
from notifier.config.settings import BadSettings, Settings
from notifier.conversations.auto_reply import AnswerRules
from notifier.db.tables import CLINIC
from notifier.domain.offices import NO_OFFICES, OfficeProfile, Offices
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.staffed_hours import StaffedHours
from notifier.oversight.alert_rules import AlertRules
from notifier.oversight.alerts import Telling
from notifier.sending.claim import SendingRules
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Gateway
from schedules.catalogue import Catalogue, protocols_with
from schedules.send_window import SendWindow, zone_named
from schedules.wording import Voice

CLINIC_NAME_UNSET, CLINIC_PHONE_UNSET = "[clinic name]", "[clinic phone]"
_SPARE_CONNECTIONS = 5


def planning_rules(settings: Settings) -> PlanningRules:
    """How texts are planned; a protocol must be approved wherever texts go to real phones."""
    return PlanningRules(
        clinic_id=CLINIC,
        voice=_voice(settings),
        timezone=settings.timezone or "UTC",
        window=SendWindow.parse(settings.send_window),
        max_texts_per_day=settings.max_texts_per_day,
        must_be_approved=settings.is_twilios_own,
        offices=read_offices(settings),
    )


def protocols(settings: Settings) -> Catalogue:
    """What this clinic may enroll on. Raises ProtocolError where the directory of its own ones is not there."""
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
    return SendingRules(
        CLINIC,
        SendWindow.parse(settings.send_window),
        settings.max_texts_per_day,
        settings.recover_above,
        sender=own_sender(settings),
        offices=read_offices(settings),
    )


def answer_rules(settings: Settings) -> AnswerRules | None:
    """How urgent words are answered; None where nobody has said in whose name."""
    if not settings.clinic_name or not settings.clinic_phone:
        return None
    given = {"en": settings.urgent_answer, "es": settings.urgent_answer_es}
    words = {language: said for language, said in given.items() if said}
    voice = Voice(settings.clinic_name, settings.clinic_phone)
    zone = zone_named(settings.timezone or "UTC")
    return AnswerRules(voice, zone, staffed_hours(settings), words, read_offices(settings))


def build_telling(settings: Settings) -> Telling:
    """Who at the clinic is told what is wrong. Raises BadSettings."""
    from notifier.alerting.channels import tellers  # noqa: PLC0415  # an HTTP client takes 0.1 s, and few commands tell

    hidden = (settings.smtp_url, settings.alert_webhook, settings.alert_apprise)
    smtp_url, webhook, apprise = (one.get_secret_value() if one else None for one in hidden)
    try:
        channels = tellers(mail_to=settings.alert_email, smtp_url=smtp_url, webhook=webhook, apprise=apprise)
    except ValueError as error:
        raise BadSettings([f"NOTIFIER_ALERT_APPRISE: {error}."]) from None
    rules = AlertRules(
        zone_named(settings.timezone or "UTC"),
        staffed_hours(settings),
        SendWindow.parse(settings.send_window),
        by_webhook=settings.public_url is not None,
        unreadable_protocols=tuple(protocols(settings).unreadable),
    )
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
    from notifier.sms.twilio_gateway import TwilioGateway  # noqa: PLC0415  # Twilio's SDK takes 0.2 s; few commands call

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
            has_other_senders=any(one.sender for one in read_offices(settings).values()),
        )
    except ValueError as error:
        raise BadSettings([str(error)]) from None


def read_offices(settings: Settings) -> Offices:
    """The profiles of the clinic's offices; none where it is one place. Raises BadSettings and ProtocolError."""
    file = settings.offices_file
    if file is None:
        return NO_OFFICES
    own = OfficeProfile(
        id="",
        voice=_voice(settings),
        timezone=settings.timezone or "UTC",
        window=SendWindow.parse(settings.send_window),
        staffed=staffed_hours(settings),
        sender=own_sender(settings),
    )
    try:
        return parse_offices(file.name, file.read_bytes().decode("utf-8-sig"), own, protocols(settings))
    except OSError as error:
        why = (error.strerror or "unreadable").lower()
        raise BadSettings([f"NOTIFIER_OFFICES_FILE: {file} cannot be read ({why}); name a TOML file."]) from None
    except UnicodeDecodeError as error:
        raise BadSettings([f"{file.name}: byte {error.start + 1} is not UTF-8; save the file as UTF-8."]) from None
    except BadOffices as error:
        raise BadSettings([one if one.endswith((".", "?")) else f"{one}." for one in error.sentences]) from None


def own_sender(settings: Settings) -> str | None:
    """Who sends for the clinic itself."""
    return settings.twilio_messaging_service_sid or settings.twilio_from_number


def staffed_hours(settings: Settings) -> StaffedHours | None:
    """When somebody reads what patients write; None where nobody has said."""
    return StaffedHours.parse(settings.staffed_hours) if settings.staffed_hours else None


def _voice(settings: Settings) -> Voice:
    return Voice(settings.clinic_name or CLINIC_NAME_UNSET, settings.clinic_phone or CLINIC_PHONE_UNSET)
