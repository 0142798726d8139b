"""What the provider lists of our texts: by date for everybody, and by number where that may miss one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Final

from notifier.sms.gateway import Gateway, ProviderMessage

_CALLS: Final = 8


async def list_sent(
    gateway: Gateway, phones: Collection[str], since: datetime, *, senders: Collection[str | None] = (None,)
) -> dict[str, ProviderMessage]:
    """Our texts since then, by SID: all that have gone on to a carrier, and every one to these numbers.

    One that is still queued has no date yet, by which the list is made. `senders`: the numbers that they left from;
    None: any of ours. Raises GatewayUnavailable where a list could not be read to its end.
    """
    slots = asyncio.Semaphore(_CALLS)

    async def ask(to: str | None, sender: str | None) -> list[ProviderMessage]:
        async with slots:
            return [record async for record in gateway.list_sent(to, since, sender=sender)]

    asked = [*(ask(None, sender) for sender in senders), *(ask(phone, None) for phone in phones)]
    return {record.sid: record for some in await asyncio.gather(*asked) for record in some}
