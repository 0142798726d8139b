"""Twilio's webhooks, signed as Twilio signs them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urldefrag, urlencode

import httpx2
from twilio.request_validator import RequestValidator

from notifier.sandbox.keywords import Keyword
from notifier.sandbox.messages import SandboxMessage


@dataclass(frozen=True, slots=True)
class Posted:
    """A webhook that was posted, and what came back: None where nobody answered."""

    url: str
    form: dict[str, str]
    status: int | None


class Webhooks:
    """Posts signed forms, once each: what nobody takes is lost, as it is at Twilio after 15 seconds."""

    def __init__(self, auth_token: str) -> None:
        self.posted: list[Posted] = []
        self._validator = RequestValidator(auth_token)
        # The transport itself, because httpx2's client would log the address, and the token in it.
        self._transport = httpx2.AsyncHTTPTransport(trust_env=False)

    async def post(self, url: str, form: dict[str, str]) -> Posted:
        """Post one form; the signature covers the address without its fragment."""
        address = urldefrag(url).url
        request = httpx2.Request(
            "POST",
            address,
            content=urlencode(form).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                "User-Agent": "TwilioProxy/1.1",
                "X-Twilio-Signature": self._validator.compute_signature(address, form),
            },
            extensions={"timeout": {"connect": 5, "read": 15, "write": 5, "pool": 15}},
        )
        status: int | None = None
        try:
            response = await self._transport.handle_async_request(request)
            await response.aread()
            status = response.status_code
        except httpx2.TransportError:
            pass
        self.posted.append(Posted(address, form, status))
        return self.posted[-1]

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def receipt(message: SandboxMessage, status: str, code: int | None) -> dict[str, str]:
    """A status callback's form."""
    form = {
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
        "From": message.from_ or "",
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.to,
    }
    if message.service_sid:
        form["MessagingServiceSid"] = message.service_sid
    if code is not None:
        form["ErrorCode"] = str(code)
    return form


def inbound(message: SandboxMessage, opt_out_type: Keyword | None) -> dict[str, str]:
    """An incoming message's form; `OptOutType` is there only where Advanced Opt-Out is on."""
    form = {
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
        "Body": message.body,
        "From": message.from_ or "",
        "FromCountry": "US",
        "MessageSid": message.sid,
        "NumMedia": str(message.media),
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
        "ToCountry": "US",
    }
    for at in range(message.media):
        form[f"MediaContentType{at}"] = "image/jpeg"
        form[f"MediaUrl{at}"] = f"https://api.twilio.com/2010-04-01/Accounts/{message.account_sid}/Messages/Media/{at}"
    if opt_out_type:
        form["OptOutType"] = opt_out_type
    return form
