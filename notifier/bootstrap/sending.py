"""What the settings say of sending: what is checked when a text leaves, and through which account it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifier.bootstrap.planning import own_sender, planning_rules, read_offices, send_window, staffed_hours
from notifier.config.settings import BadSettings, Settings
from notifier.conversations.auto_reply import AnswerRules
from notifier.sending.claim import SendingRules
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Gateway
from schedules.send_window import zone_named
from schedules.wording import Voice

if TYPE_CHECKING:
    from notifier.sms.media import MediaSource

_SPARE_CONNECTIONS = 5


def sending_rules(settings: Settings) -> SendingRules:
    """What is checked again when a text leaves."""
    return SendingRules(
        send_window(settings),
        settings.max_texts_per_day,
        settings.recover_above,
        sender=own_sender(settings),
        offices=read_offices(settings),
        staffed=planning_rules(settings).staffed_clock,
    )


def answer_rules(settings: Settings) -> AnswerRules | None:
    """How urgent words are answered; None where nobody has said in whose name."""
    if not settings.clinic_name or not settings.clinic_phone:
        return None
    voice = Voice(settings.clinic_name, settings.clinic_phone)
    zone = zone_named(settings.timezone or "UTC")
    return AnswerRules(
        voice,
        zone,
        staffed_hours(settings),
        settings.urgent_answers,
        settings.after_hours_phone,
        settings.is_twilios_own,
        offices=read_offices(settings),
    )


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


def media_source(settings: Settings) -> MediaSource | None:
    """Where photos are fetched; None where no account is set, so that nobody could have sent one."""
    from notifier.sms.media import MediaSource  # noqa: PLC0415  # an HTTP client takes 0.1 s, and few commands fetch

    if not settings.twilio_account_sid:
        return None
    account = twilio_account(settings)
    return MediaSource(account.api_url, account.account_sid, account.login)
