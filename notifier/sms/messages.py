"""From the SDK's messages to ours: pages, records, and one error for all that can go wrong while asking."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable
from datetime import datetime, timedelta
from typing import Final

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.base.page import Page
from twilio.rest.api.v2010.account.message import MessageInstance

from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.codes import class_of_refusal, in_words
from notifier.sms.gateway import GatewayRefused, GatewayUnavailable, ProviderMessage
from notifier.sms.http_client import MaybeSent, NotSent, last_response

SID: Final = re.compile(r"(SM|MM)[0-9a-f]{32}")
REQUEST_TIMEOUT: Final = 408
"""A timeout in somebody's words: a proxy may say it of a request that Twilio has read."""
_SLACK: Final = timedelta(minutes=1)


async def pages_of(first: Awaitable[Page]) -> AsyncIterator[list[MessageInstance]]:
    """Each page in Twilio's order, newest first; raises GatewayUnavailable for whatever goes wrong on the way."""
    try:
        page: Page | None = await first
        while page is not None:
            yield list(page)
            page = await page.next_page_async()
    except Exception as error:  # noqa: BLE001  # a body can make the SDK raise anything; silence proves nothing
        raise unavailable(error) from None


def messages_since(page: list[MessageInstance], since: datetime, *, direction: str) -> list[ProviderMessage]:
    """The page's messages of that direction created at or after `since`; Twilio tells whole seconds only."""
    records = [read_message(message) for message in page if str(message.direction) == direction]
    return [record for record in records if record.created_at >= since.replace(microsecond=0)]


def all_older(page: list[MessageInstance], since: datetime) -> bool:
    """Whether nothing on this page was created or sent after `since`, and so nothing inbound on a later page was."""
    times = [time for message in page for time in (message.date_created, message.date_sent) if time]
    return bool(times) and max(times) < since - _SLACK


def read_message(message: MessageInstance) -> ProviderMessage:
    """One message as the house knows it; raises GatewayUnavailable where Twilio's answer lacks its SID or date."""
    if not SID.fullmatch(str(message.sid)) or not message.date_created:
        raise GatewayUnavailable("The provider listed a message that is not in Twilio's form.")
    return ProviderMessage(
        sid=str(message.sid),
        direction=str(message.direction),
        from_=message.from_ or "",
        to=message.to or "",
        body=message.body or "",
        status=str(message.status),
        error_code=message.error_code if isinstance(message.error_code, int) else None,
        created_at=message.date_created,
        media_count=int(media) if (media := str(message.num_media)).isdecimal() else 0,
        service=message.messaging_service_sid or None,
    )


def unavailable(error: Exception) -> GatewayUnavailable:
    """The same trouble in a sentence of our own: the SDK's would carry the URL, and with it a phone number."""
    if isinstance(error, GatewayUnavailable):
        return error
    if isinstance(error, NotSent | MaybeSent):
        return GatewayUnavailable(f"The provider could not be asked: {error}.")
    response = last_response.get()
    if not response or not isinstance(error, TwilioException):
        return GatewayUnavailable("The provider's answer to a question was not in Twilio's form.")
    return _refused(response.status, _code(error)) or GatewayUnavailable(
        f"The provider answered a question with HTTP {response.status}."
    )


def _code(error: TwilioException) -> object:
    """Twilio's code; a list's error does not read it, and only carries the answer."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        return error.code
    try:
        body = json.loads(error.args[-1].text)
    except (AttributeError, IndexError, TypeError, ValueError, RecursionError):
        return None
    return body.get("code") if isinstance(body, dict) else None


def _refused(status: int, code: object) -> GatewayRefused | None:
    """In the words of a refused send, so that one cause has one name; None for what may pass by itself."""
    if not 400 <= status <= 499 or status == REQUEST_TIMEOUT:
        return None
    # Where the body has no code, the SDK gives the HTTP status as one.
    said = code if isinstance(code, int) and code != status else None
    if class_of_refusal(status, said) is not NotCreatedClass.ACCOUNT:
        return None
    return GatewayRefused(in_words(said) if said else f"The provider refused with HTTP {status}.")
