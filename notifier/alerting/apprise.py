"""By whatever Apprise knows (chat rooms, pagers, push services): an optional extra."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from notifier.alerting.channel import AlertNotice, NotDelivered, channel_id

MISSING: Final = "it needs the package apprise: pip install 'aftercare-notifier[alerts]', or leave it out"


def is_installed() -> bool:
    """Whether the package `apprise` is installed."""
    return find_spec("apprise") is not None


class AppriseChannel:
    """Sends to all Apprise addresses of a list, separated by commas or spaces."""

    name = "apprise"

    def __init__(self, addresses: str) -> None:
        self._addresses = addresses.replace(",", " ").split()
        self.id = channel_id(self.name, " ".join(self._addresses))

    async def send(self, notice: AlertNotice) -> None:
        try:
            import apprise  # noqa: PLC0415  # an extra, and slow to import
        except ImportError:
            raise NotDelivered(MISSING) from None
        all_of_them = apprise.Apprise()
        for number, address in enumerate(self._addresses, 1):
            if not all_of_them.add(address):
                raise NotDelivered(f"apprise cannot read address {number} that it is given")
        if not await all_of_them.async_notify(body=notice.body, title=notice.subject):
            raise NotDelivered("apprise could not deliver it")
