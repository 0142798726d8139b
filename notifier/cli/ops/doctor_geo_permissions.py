"""Whether Twilio lets texts go where planned texts go: its SMS geo permissions, for which it has a question."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from notifier.bootstrap.sending import twilio_account
from notifier.config.settings import BadSettings, Settings
from notifier.oversight.doctor.destinations import regions_in
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import GatewayUnavailable

_WHAT: Final = "geo permissions"
_CONSOLE: Final = "Twilio's Console: Messaging → Settings → Geo permissions"
_WITHIN: Final = 5.0
"""Seconds: a doctor that hangs tells nothing."""


def check_geo_permissions(settings: Settings) -> Iterator[Diagnosis]:
    """Ask for the regions that planned texts go to; where Twilio does not tell, that is no fault."""
    try:
        account = twilio_account(settings)
    except BadSettings:  # check_settings says what is missing
        return
    regions = regions_in(settings.database_url.get_secret_value())
    if not regions:
        return
    try:
        allowed = asyncio.run(_ask(account))
    except (GatewayUnavailable, TimeoutError) as why:
        found = f"they could not be asked ({str(why) or 'no answer'})"
        yield Diagnosis(_WHAT, Level.OK, found, f"look yourself, for {_names(regions, regions)}: {_CONSOLE}")
        return
    refused = [region for region in regions if allowed.get(region) is False]
    unknown = [region for region in regions if region not in allowed]
    permitted = [region for region in regions if allowed.get(region)]
    if refused:
        found = f"Twilio refuses every text to {_names(regions, refused)}, and planned texts go there"
        yield Diagnosis(_WHAT, Level.WARN, found, f"allow it in {_CONSOLE}")
    if unknown:
        found = f"Twilio does not say whether texts may go to {_names(regions, unknown)}"
        yield Diagnosis(_WHAT, Level.OK, found, f"look yourself: {_CONSOLE}")
    if permitted:
        yield Diagnosis(_WHAT, Level.OK, f"texts may go to {_names(regions, permitted)}")


def _names(regions: dict[str, str], which: list[str] | dict[str, str]) -> str:
    return ", ".join(f"{regions[region]} ({region})" for region in which)


async def _ask(account: TwilioAccount) -> dict[str, bool]:
    from notifier.sms.geo_permissions import geo_permissions  # noqa: PLC0415  # Twilio's SDK takes 0.2 s

    async with asyncio.timeout(_WITHIN):
        return await geo_permissions(account)
