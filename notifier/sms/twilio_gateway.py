"""The port to Twilio: every response of its API becomes Accepted, NotCreated or Unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote

from twilio.base import values
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.rest import Client

from notifier.sms.account import TwilioAccount
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.codes import class_of_refusal, in_words
from notifier.sms.gateway import (
    Accepted,
    GatewayUnavailable,
    NotCreated,
    Outcome,
    OutgoingText,
    ProviderMessage,
    Unknown,
)
from notifier.sms.http_client import HttpxClient, MaybeSent, NotSent, last_response
from notifier.sms.messages import REQUEST_TIMEOUT, SID, all_older, messages_since, pages_of, read_message, unavailable
from notifier.sms.retry_after import seconds_to_wait

_LONGEST_VALIDITY: Final = 36_000
_PAGE: Final = 200


class TwilioGateway:
    """Twilio, through its SDK. Build it inside the event loop that uses it, and close it there."""

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._http = HttpxClient(
            account.api_url,
            deadline=account.deadline,
            connect_timeout=account.connect_timeout,
            read_timeout=account.read_timeout,
            pool_timeout=account.pool_timeout,
            max_connections=account.max_connections,
        )
        user, password = account.login
        # An empty environment is falsy to the SDK, which then reads TWILIO_* from the host's.
        client = Client(user, password, account.account_sid, http_client=self._http, environment={"_": ""})
        self._messages = client.messages
        # What `messages.create` rests on: a third less work for a text, for it builds no object of all that it answers.
        self._api, self._created_at = client.api.v2010, f"/Accounts/{account.account_sid}/Messages.json"
        self._sender: dict[str, str] = {}
        if account.messaging_service_sid:
            self._sender["MessagingServiceSid"] = account.messaging_service_sid
        if account.from_number:
            self._sender["From"] = account.from_number
        is_only_one = not account.messaging_service_sid and not account.has_other_senders
        self._only_sender = account.from_number if is_only_one else None

    async def send(self, text: OutgoingText) -> Outcome:
        """Hand over one text, within the overall deadline; never raises for what the wire does."""
        try:
            text.body.encode()
        except UnicodeEncodeError:
            return NotCreated(NotCreatedClass.BAD_CONTENT, None, "The text holds a character that cannot be sent.")
        try:
            created = await self._api.create_async("POST", self._created_at, data=self._fields(text))
            sid, status = created.get("sid"), created.get("status")
        except NotSent as error:
            return NotCreated(NotCreatedClass.NETWORK, None, f"Not sent: {error}.")
        except MaybeSent as error:
            return Unknown(f"Perhaps sent: {error}.")
        except (TwilioRestException, TwilioServiceException) as error:
            return _refusal(error.code)
        except Exception:  # noqa: BLE001  # a body can make the SDK raise anything, and the text may exist
            return Unknown("The provider's answer was not in Twilio's form.")
        if not isinstance(sid, str) or not SID.fullmatch(sid):
            return Unknown("The provider answered without a valid message SID.")
        return Accepted(sid, str(status))

    async def list_sent(
        self, to: str | None, since: datetime, *, sender: str | None = None
    ) -> AsyncIterator[ProviderMessage]:
        """Our texts to this number created at or after `since`; raises GatewayUnavailable.

        Reads the number's whole history: Twilio sorts by date_sent, which a text still queued does not have, so no
        page may be taken for the last one that matters. None: to any number, by date_sent. A messaging service as the
        `sender` narrows nothing: Twilio lists by the number that it chose.
        """
        number = sender if sender and sender.startswith("+") else self._only_sender
        day = values.unset if to else since.astimezone(UTC).date()
        first = self._messages.page_async(
            to=to or values.unset, from_=number or values.unset, date_sent_after=day, page_size=_PAGE
        )
        async for page in pages_of(first):
            for record in messages_since(page, since, direction="outbound-api"):
                yield record
            if to is None and all_older(page, since):
                break

    async def list_inbound(self, since: datetime, *, also_to: Collection[str] = ()) -> AsyncIterator[ProviderMessage]:
        """Texts from patients created at or after `since`, oldest first; raises GatewayUnavailable.

        `also_to`: what texts once left through. The account's whole list is read where that is more than one number, or
        a messaging service, whose numbers nobody here knows.

        Where a later page could not be read, what was found is yielded before GatewayUnavailable is raised: a STOP
        counts at once, while the poll as a whole stays incomplete.
        """
        found: list[ProviderMessage] = []
        failure: GatewayUnavailable | None = None
        day = since.astimezone(UTC).date()  # the finest that Twilio filters by
        number = self._only_sender if not set(also_to) - {self._only_sender} else None
        first = self._messages.page_async(to=number or values.unset, date_sent_after=day, page_size=_PAGE)
        try:
            async for page in pages_of(first):
                found += messages_since(page, since, direction="inbound")
                if all_older(page, since):
                    break
        except GatewayUnavailable as error:
            failure = error
        for record in reversed(found):
            yield record
        if failure:
            raise failure

    async def fetch(self, sid: str) -> ProviderMessage | None:
        """One message, or None where Twilio has no such SID; raises GatewayUnavailable."""
        try:
            return read_message(await self._messages(sid).fetch_async())
        except Exception as error:  # noqa: BLE001  # a body can make the SDK raise anything; silence proves nothing
            # A 404 without this code (from a proxy, a portal) says nothing about the message.
            if isinstance(error, TwilioRestException | TwilioServiceException) and error.code == 20404:
                return None
            raise unavailable(error) from None

    async def delete(self, sid: str) -> None:
        """Delete one message and its media at Twilio; nothing where there is none. Raises GatewayUnavailable.

        Twilio keeps one that is still on its way, and refuses.
        """
        try:
            message = self._messages(sid)
            for media in await message.media.list_async():
                await media.delete_async()
            await message.delete_async()
        except Exception as error:  # noqa: BLE001  # as above
            if isinstance(error, TwilioRestException | TwilioServiceException) and error.code == 20404:
                return
            raise unavailable(error) from None

    async def time(self) -> datetime | None:
        """What Twilio's clock shows, to the second; None where it does not tell; raises GatewayUnavailable."""
        try:
            await self._messages.page_async(page_size=1)
        except Exception as error:  # noqa: BLE001  # as above
            raise unavailable(error) from None
        response = last_response.get()
        try:
            stated = parsedate_to_datetime(response.headers.get("date", "")) if response else None
        except ValueError:
            return None
        return stated.astimezone(UTC) if stated and stated.tzinfo else None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _fields(self, text: OutgoingText) -> dict[str, object]:
        seconds = min(max(text.validity_seconds, 1), _LONGEST_VALIDITY)
        sender = _sender_field(text.sender) if text.sender else self._sender
        fields: dict[str, object] = {"To": text.to, "Body": text.body, "ValidityPeriod": seconds, **sender}
        if callback := self._status_callback(text.token):
            fields["StatusCallback"] = callback
        return fields

    def _status_callback(self, token: str) -> str | None:
        if not self._account.status_callback_base:
            return None
        # The fragment is Twilio's connection override: up to five retries, whatever went wrong, for 15 s in all.
        return f"{self._account.status_callback_base.rstrip('/')}/twilio/status?a={quote(token, safe='')}#rc=5&rp=all"


def _sender_field(sender: str) -> dict[str, str]:
    return {"From": sender} if sender.startswith("+") else {"MessagingServiceSid": sender}


def _refusal(code: object) -> Outcome:
    response = last_response.get()
    status = response.status if response else 0
    if not response or not 400 <= status <= 499 or status == REQUEST_TIMEOUT:
        return Unknown(f"The provider answered with HTTP {status}.")
    # Where the body has no code, the SDK gives the HTTP status as one.
    said = code if isinstance(code, int) and code != status else None
    detail = in_words(said) if said else f"The provider refused with HTTP {status}."
    return NotCreated(class_of_refusal(status, said), said, detail, seconds_to_wait(response.headers))
