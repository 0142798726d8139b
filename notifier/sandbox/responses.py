"""Twilio's JSON: a message, a page of messages, a refusal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlencode

from notifier.sandbox.messages import SandboxMessage
from notifier.sandbox.wire import HttpReply

API: Final = "/2010-04-01"


def created(message: SandboxMessage) -> HttpReply:
    """The 201 to a create."""
    return HttpReply(201, json.dumps(_resource(message)).encode())


def one(message: SandboxMessage) -> HttpReply:
    """The 200 to a fetch or an update."""
    return HttpReply(200, json.dumps(_resource(message)).encode())


def deleted() -> HttpReply:
    """The 204 to a delete."""
    return HttpReply(204)


def page(account_sid: str, messages: Sequence[SandboxMessage], query: dict[str, str], *, more: bool) -> HttpReply:
    """One page of a listing; `more` adds the address of the next one."""
    path = f"{API}/Accounts/{account_sid}/Messages.json"
    number = int(query.get("Page", "0"))
    following = {**query, "Page": str(number + 1), "PageToken": f"PA{messages[-1].sid}"} if more else None
    payload = {
        "first_page_uri": f"{path}?{urlencode({**query, 'Page': '0'})}",
        "next_page_uri": f"{path}?{urlencode(following)}" if following else None,
        "previous_page_uri": None,
        "page": number,
        "page_size": int(query.get("PageSize", "50")),
        "start": 0,
        "end": len(messages) - 1,
        "uri": f"{path}?{urlencode(query)}",
        "messages": [_resource(message) for message in messages],
    }
    return HttpReply(200, json.dumps(payload).encode())


def refusal(status: int, code: int, message: str) -> HttpReply:
    """An error in Twilio's form."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return HttpReply(
        status, json.dumps({"code": code, "message": message, "more_info": more_info, "status": status}).encode()
    )


def _resource(message: SandboxMessage) -> dict[str, object]:
    uri = f"{API}/Accounts/{message.account_sid}/Messages/{message.sid}"
    return {
        "account_sid": message.account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": _rfc2822(message.created_at),
        "date_sent": _rfc2822(message.sent_at) if message.sent_at else None,
        "date_updated": _rfc2822(message.sent_at or message.created_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": message.from_,
        "messaging_service_sid": message.service_sid,
        "num_media": str(message.media),
        "num_segments": str(message.segments),
        "price": None,
        "price_unit": None if message.service_sid else "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0))
