"""What the doctor asks Twilio: whether it knows these credentials, what its clock shows, and whether its lists can be
read. Nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from notifier.bootstrap.sending import build_gateway
from notifier.config.settings import Settings
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.oversight.health import spoken_span
from notifier.sending.gates.hidden import LATELY, what_lists_hide
from notifier.sms.gateway import GatewayRefused, GatewayUnavailable

_WITHIN: Final = 10.0
"""Seconds: a doctor that hangs tells nothing."""
_CLOCKS_DIFFER: Final = timedelta(minutes=1)


def check_twilio(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    """Ask for one message of the account, where the settings name one that could be asked."""
    secret = settings.twilio_api_key_secret if settings.twilio_api_key_sid else settings.twilio_auth_token
    sender = settings.twilio_messaging_service_sid or settings.twilio_from_number
    if not (settings.twilio_account_sid and secret and sender):
        return
    key = "an API key" if settings.twilio_api_key_sid else "the auth token"
    who = f"account {settings.twilio_account_sid[:6]}..., with {key}"
    try:
        shows, hides = asyncio.run(_ask(settings, now))
    except GatewayRefused as why:
        advice = "nothing can leave: set the credentials that Twilio's console shows for this account"
        yield Diagnosis("Twilio", Level.FAIL, f"{who}: refused ({why})", advice)
    except (GatewayUnavailable, TimeoutError) as why:
        found = f"{who}: it could not be asked ({str(why) or 'no answer'})"
        yield Diagnosis("Twilio", Level.WARN, found, "is this machine online? Nothing leaves until Twilio answers")
    else:
        yield Diagnosis("Twilio", Level.OK, f"{who}: it answers")
        if hides and not settings.public_url:
            yield Diagnosis("replies", Level.FAIL, hides, "nothing is sent until then: a STOP would not be read")
        if shows is not None and abs(shows - now) > _CLOCKS_DIFFER and settings.clock_file is None:
            found = f"this machine's is {spoken_span(abs(shows - now))} away from Twilio's: a worker sends nothing"
            yield Diagnosis("clock", Level.FAIL, found, "set the machine's clock; timedatectl shows it")


async def _ask(settings: Settings, now: datetime) -> tuple[datetime | None, str | None]:
    gateway = build_gateway(settings)
    try:
        async with asyncio.timeout(_WITHIN):
            shows = await gateway.time()
        hides = None
        with suppress(GatewayUnavailable, TimeoutError):  # of a list that is very long nothing can be said
            async with asyncio.timeout(_WITHIN):
                hides = await what_lists_hide(gateway, now - LATELY)
        return shows, hides
    finally:
        await gateway.close()
