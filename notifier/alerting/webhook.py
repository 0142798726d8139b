"""By web: a JSON document to an address of the clinic's choice, and the ping that a dead man's switch waits for."""

from __future__ import annotations

from typing import Any, Final

import httpx2

from notifier.alerting.channel import AlertNotice, NotDelivered, channel_id

_SECONDS: Final = 10.0


class WebhookChannel:
    """POSTs `{"clinic", "host", "text", "alerts": [{"cause", "why", "since"}]}`; chat services show `text`."""

    name = "webhook"

    def __init__(self, url: str) -> None:
        self._url = url
        self.id = channel_id(self.name, url)

    async def send(self, notice: AlertNotice) -> None:
        alerts = [{"cause": one.cause, "why": one.why, "since": one.since.isoformat()} for one in notice.lines]
        text = f"{notice.subject}\n{notice.body}"
        document = {"clinic": notice.clinic, "host": notice.host, "text": text, "alerts": alerts}
        await _request("POST", self._url, "the webhook", document)


async def beat(url: str) -> None:
    """GET the dead man's switch at `url`; raises NotDelivered."""
    await _request("GET", url, "the heartbeat's address")


async def _request(method: str, url: str, whose: str, document: Any = None) -> None:
    """No redirects, no proxies of the environment. The address is a secret: no sentence quotes it."""
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client:
            response = await client.request(method, url, json=document)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NotDelivered(f"{whose} could not be reached ({type(error).__name__})") from None
    if not response.is_success:
        raise NotDelivered(f"{whose} answered {response.status_code}")
