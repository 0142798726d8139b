"""A loopback Twilio: create, list, fetch, redact, delete, signed callbacks, inbound texts, scripted faults."""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Final, Self

from notifier.sandbox import responses
from notifier.sandbox.account import Account
from notifier.sandbox.api import operation_of, respond
from notifier.sandbox.callbacks import Posted, Webhooks, inbound, receipt
from notifier.sandbox.faults import Act, Fault, Faults, Operation
from notifier.sandbox.keywords import CONFIRMATIONS, Keyword, keyword_of
from notifier.sandbox.messages import LedgerEntry, SandboxFate, SandboxMessage
from notifier.sandbox.performance import perform, stop
from notifier.sandbox.wire import Connection, HttpReply, Request

ACCOUNT_SID: Final = "AC" + "5a" * 16
AUTH_TOKEN: Final = "sandbox-auth-token"  # noqa: S105  # it opens nothing but the sandbox
SENDER: Final = "+15005550006"
_AT_ONCE: Final = 20
_NO_FAULT: Final = Fault(Act.ANSWER, create=True)
_MADE_UP: Final = HttpReply(201, b'{"sid": "SM' + b"0" * 32 + b'", "status": "queued"}')


class Sandbox:
    """`async with Sandbox(now=…) as sandbox:` listens on 127.0.0.1 until the block ends; `sandbox.url` is its address.

    A created text stays `queued` (`accepted` with a messaging service) until `settle()` lets it travel to its end,
    which is `delivered` unless `will()` said otherwise; with `settle_at_once` it does so by itself. `ledger` holds
    every text that came into being, `own_replies` what Twilio answered by itself to STOP, START and HELP.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        api_key: tuple[str, str] | None = None,
        sender: str = SENDER,
        inbound_url: str | None = None,
        settle_at_once: bool = False,
        twilio_keywords: bool = True,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        self.account = Account(now, account_sid, sender)
        self.auth_token = auth_token
        self.faults = Faults()
        self.inbound_url = inbound_url
        """Where inbound texts are posted; None where they are only listed."""
        self.settle_at_once = settle_at_once
        self.twilio_keywords = twilio_keywords
        self.latency = latency
        """Seconds that every response takes."""
        self.requests: list[Request] = []
        self.url = ""
        self._port = port
        self._logins = {_basic(*pair) for pair in ((account_sid, auth_token), api_key) if pair}
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept_back: list[Callable[[], None]] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._webhooks = Webhooks(self.auth_token)
        self._server = await loop.create_server(
            lambda: Connection(self._take, self._connections), "127.0.0.1", self._port, backlog=1024
        )
        self.url = "http://{}:{}".format(*self._server.sockets[0].getsockname())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._webhooks.close()
        await self._server.wait_closed()

    @property
    def ledger(self) -> list[LedgerEntry]:
        """Every text created through the API, in order: the truth for "never twice"."""
        return self.account.ledger

    @property
    def own_replies(self) -> list[LedgerEntry]:
        """What Twilio sent by itself."""
        return self.account.own_replies

    @property
    def posted(self) -> list[Posted]:
        """Every webhook posted so far."""
        return self._webhooks.posted

    def will(self, to: str, *fates: SandboxFate) -> None:
        """How the next texts to that number end, in order."""
        self.account.fates.setdefault(to, deque()).extend(fates)

    def keep_back(self) -> None:
        """From now on no create gets a response: its text exists, and who sent it does not know."""
        self._kept_back = []

    async def release(self) -> None:
        """Answer what was kept back, and the creates to come."""
        kept_back, self._kept_back = self._kept_back, None
        for respond_now in kept_back or ():
            respond_now()

    async def settle(self) -> None:
        """Let every text under way travel to its end, and post the receipts; returns when all are posted."""
        under_way = list(self.account.under_way.values())
        self.account.under_way.clear()
        for start in range(0, len(under_way), _AT_ONCE):
            await asyncio.gather(*(self._settle(message) for message in under_way[start : start + _AT_ONCE]))

    async def receive(
        self, from_: str, body: str, media: int = 0, opt_out_type: Keyword | None = None
    ) -> Posted | None:
        """A text from a patient: listed, obeyed if it is one of Twilio's keywords, and posted where it should be."""
        message = self.account.arrive(from_, body, media)
        self._obey(from_, opt_out_type or (keyword_of(body) if self.twilio_keywords else None))
        if not self.inbound_url:
            return None
        return await self._webhooks.post(self.inbound_url, inbound(message, opt_out_type))

    def _obey(self, from_: str, keyword: Keyword | None) -> None:
        if keyword is None or (keyword == "STOP" and from_ in self.account.opted_out):
            return
        if keyword == "STOP":
            self.account.opted_out.add(from_)
        elif keyword == "START":
            self.account.opted_out.discard(from_)
        self.account.reply_of_its_own(from_, CONFIRMATIONS[keyword])

    async def _settle(self, message: SandboxMessage) -> None:
        for status, code in self.account.advance(message):
            if message.callback:
                await self._webhooks.post(message.callback, receipt(message, status, code))

    def _take(self, request: Request, connection: Connection) -> None:
        self.requests.append(request)
        if request.headers.get("authorization") not in self._logins:
            connection.reply(responses.refusal(401, 20003, "Authenticate"))
            return
        operation = operation_of(self.account, request)
        fault = self.faults.next(operation, request.form.get("To")) if operation else None
        if fault and fault.act is Act.KILL:
            self._later(self._kill(fault, request, connection))
        elif fault:
            self._respond(fault, self._reply_under(fault, request, operation), connection, operation)
        else:
            self._respond(_NO_FAULT, respond(self.account, request), connection, operation)
        if self.settle_at_once and self.account.under_way:
            self._later(self.settle())

    async def _kill(self, fault: Fault, request: Request, connection: Connection) -> None:
        with suppress(ProcessLookupError, FileNotFoundError):  # it has died by itself
            await stop(fault.pid)
            perform(fault, respond(self.account, request), connection)

    def _reply_under(self, fault: Fault, request: Request, operation: Operation | None) -> HttpReply:
        if operation == "create" and not fault.create:
            return fault.reply or _MADE_UP
        good = respond(self.account, request)
        return fault.reply or good

    def _respond(self, fault: Fault, reply: HttpReply, connection: Connection, operation: Operation | None) -> None:
        if self._kept_back is not None and operation == "create":
            self._kept_back.append(partial(self._perform, fault, reply, connection))
        elif self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._perform, fault, reply, connection)
        else:
            self._perform(fault, reply, connection)

    def _perform(self, fault: Fault, reply: HttpReply, connection: Connection) -> None:
        if going_on := perform(fault, reply, connection):
            self._keep(going_on)

    def _later(self, going_on: Coroutine[None, None, None]) -> None:
        self._keep(asyncio.create_task(going_on))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
