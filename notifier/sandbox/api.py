"""Which of Twilio's endpoints a request asks for, and the response to a good one."""

from __future__ import annotations

from notifier.sandbox import responses
from notifier.sandbox.account import Account, ApiRefusal
from notifier.sandbox.faults import Operation
from notifier.sandbox.media import respond_media
from notifier.sandbox.wire import HttpReply, Request


def operation_of(account: Account, request: Request) -> Operation | None:
    """What is asked of the Messages endpoints; None for any other address. Redact and delete count as `fetch`."""
    if request.path == f"{_messages(account)}.json":
        return "create" if request.method == "POST" else "list"
    return "fetch" if request.path.startswith(f"{_messages(account)}/") else None


def respond(account: Account, request: Request) -> HttpReply:
    """Carry out a request to the Messages endpoints, and respond in Twilio's form."""
    try:
        if request.method == "GET" and (media := respond_media(account, request.path)):
            return media
        match operation_of(account, request):
            case "create":
                return responses.created(account.create(request.form))
            case "list":
                messages, more = account.listing(request.query)
                return responses.page(account.sid, messages, request.query, more=more)
            case "fetch":
                sid = request.path.removeprefix(f"{_messages(account)}/").removesuffix(".json")
                return _one(account, sid, request)
            case None:
                return responses.refusal(404, 20404, "The requested resource was not found")
    except ApiRefusal as refused:
        return responses.refusal(refused.status, refused.code, refused.message)


def _one(account: Account, sid: str, request: Request) -> HttpReply:
    if request.method == "DELETE" and "/Media/" in sid:
        account.delete_media(*sid.split("/Media/"))
        return responses.deleted()
    if request.method == "DELETE":
        account.delete(sid)
        return responses.deleted()
    if request.method == "POST":
        return responses.one(account.update(sid, request.form))
    return responses.one(account.fetch(sid))


def _messages(account: Account) -> str:
    return f"{responses.API}/Accounts/{account.sid}/Messages"
