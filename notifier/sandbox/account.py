"""The account's state: its messages, who has opted out, and the ledger of what came into being."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from itertools import dropwhile, islice
from typing import Final

from notifier.sandbox.messages import DELIVERED, LedgerEntry, SandboxFate, SandboxMessage, media_sids, token_of

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_ENDED: Final = frozenset({"delivered", "undelivered", "failed", "received"})


class ApiRefusal(Exception):
    """The request is refused with this HTTP status, code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Account:
    """One Twilio account; `sender` is its only number. Time comes from `now` alone."""

    def __init__(self, now: Callable[[], datetime], account_sid: str, sender: str) -> None:
        self.sid = account_sid
        self.sender = sender
        self.messages: dict[str, SandboxMessage] = {}
        self.under_way: dict[str, SandboxMessage] = {}
        """Created, and not yet at its end."""
        self.ledger: list[LedgerEntry] = []
        self.own_replies: list[LedgerEntry] = []
        self.opted_out: set[str] = set()
        self.fates: dict[str, deque[SandboxFate]] = {}
        self.default_fate = DELIVERED
        self.media: dict[str, tuple[str, bytes]] = {}
        """Content type and content by SID, where it is not the sample photo."""
        self.now = now

    def create(self, form: dict[str, str]) -> SandboxMessage:
        """A text from the API; raises ApiRefusal."""
        to, body, service = form.get("To", ""), form.get("Body", ""), form.get("MessagingServiceSid")
        self._check(to, body, form)
        message = self._new(
            direction="outbound-api",
            from_=form.get("From"),
            to=to,
            body=body,
            status="accepted" if service else "queued",
        )
        message.service_sid, message.callback = service, form.get("StatusCallback")
        validity = int(form["ValidityPeriod"]) if "ValidityPeriod" in form else None
        self.under_way[message.sid] = message
        self.ledger.append(LedgerEntry(message.created_at, message.sid, to, body, token_of(message.callback), validity))
        return message

    def arrive(self, from_: str, body: str, media: int) -> SandboxMessage:
        """A text from a patient."""
        message = self._new(direction="inbound", from_=from_, to=self.sender, body=body, status="received")
        message.media, message.sent_at = media, message.created_at
        return message

    def reply_of_its_own(self, to: str, body: str) -> None:
        """A confirmation that Twilio sends by itself; it is listed, but it is not a text of ours."""
        message = self._new(direction="outbound-reply", from_=self.sender, to=to, body=body, status="delivered")
        message.sent_at = message.created_at
        self.own_replies.append(LedgerEntry(message.created_at, message.sid, to, body, None, None))

    def advance(self, message: SandboxMessage) -> list[tuple[str, int | None]]:
        """Let a text travel to its end; the statuses it passes through, each with its error code."""
        queue = self.fates.get(message.to)
        fate = queue.popleft() if queue else self.default_fate
        message.status, message.error_code = fate.statuses[-1], fate.code
        message.from_ = message.from_ or self.sender
        if "sent" in fate.statuses:
            message.sent_at = self.now()
        last = len(fate.statuses) - 1
        return [(status, fate.code if at == last else None) for at, status in enumerate(fate.statuses)]

    def listing(self, query: dict[str, str]) -> tuple[list[SandboxMessage], bool]:
        """One page, newest first, and whether there is another."""
        found: Iterator[SandboxMessage] = (
            message for message in reversed(self.messages.values()) if _matches(message, query)
        )
        if token := query.get("PageToken"):
            last = token.removeprefix("PA")
            found = islice(dropwhile(lambda message: message.sid != last, found), 1, None)
        size = min(max(int(query.get("PageSize", "50")), 1), 1000)
        page = list(islice(found, size + 1))
        return page[:size], len(page) > size

    def fetch(self, sid: str) -> SandboxMessage:
        """One message; raises ApiRefusal."""
        if sid not in self.messages:
            raise ApiRefusal(404, 20404, "The requested resource was not found")
        return self.messages[sid]

    def update(self, sid: str, form: dict[str, str]) -> SandboxMessage:
        """Redact a message's body, the only change there is here; raises ApiRefusal."""
        message = self.fetch(sid)
        if form != {"Body": ""}:
            raise ApiRefusal(400, 30400, "Body must be empty, and alone")
        message.body = ""
        return message

    def delete(self, sid: str) -> None:
        """Forget a message that has come to its end; raises ApiRefusal."""
        if self.fetch(sid).status not in _ENDED:
            raise ApiRefusal(409, 20009, "Cannot delete this resource before it is complete")
        del self.messages[sid]
        self.ledger[:] = [replace(one, to="", body="") if one.sid == sid else one for one in self.ledger]

    def delete_media(self, sid: str, media: str) -> None:
        """Forget one picture of a message; raises ApiRefusal."""
        message = self.fetch(sid)
        if media not in media_sids(message):
            raise ApiRefusal(404, 20404, "The requested resource was not found")
        message.deleted_media.add(media)
        self.media.pop(media, None)

    def _check(self, to: str, body: str, form: dict[str, str]) -> None:
        if not to:
            raise ApiRefusal(400, 21604, "A 'To' phone number is required.")
        if not (form.get("From") or form.get("MessagingServiceSid")):
            raise ApiRefusal(400, 21603, "A 'From' phone number is required.")
        if not body:
            raise ApiRefusal(400, 21602, "Message body is required.")
        if not _E164.fullmatch(to):
            raise ApiRefusal(400, 21211, "Invalid 'To' Phone Number")
        if len(body) > 1600:
            raise ApiRefusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if to in self.opted_out:
            raise ApiRefusal(400, 21610, "Attempt to send to unsubscribed recipient")

    def _new(self, *, direction: str, from_: str | None, to: str, body: str, status: str) -> SandboxMessage:
        sid = f"SM{secrets.token_hex(16)}"
        message = SandboxMessage(sid, self.sid, direction, from_, to, body, status, self.now())
        self.messages[sid] = message
        return message


def _matches(message: SandboxMessage, query: dict[str, str]) -> bool:
    if "To" in query and message.to != query["To"]:
        return False
    if "From" in query and message.from_ != query["From"]:
        return False
    days = {key: date.fromisoformat(query[key][:10]) for key in ("DateSent", "DateSent>", "DateSent<") if key in query}
    if not days:
        return True
    if message.sent_at is None:
        return False
    sent = message.sent_at.date()
    return days.get("DateSent", sent) == sent and days.get("DateSent>", sent) <= sent <= days.get("DateSent<", sent)
