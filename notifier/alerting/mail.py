"""By mail, through the clinic's own mail server."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from notifier.alerting.channel import AlertNotice, NotDelivered, channel_id

_SECONDS: Final = 10.0
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MailChannel:
    """Mail to these addresses. `smtps://` is encrypted from the start; `smtp://` as soon as the server offers it.

    A password crosses the network encrypted or not at all. `?from=texts@example.org` names the sender; else it is the
    user, or the first of those who are told.
    """

    name = "mail"

    def __init__(self, url: str, to: Sequence[str]) -> None:
        self._server = urlsplit(url)
        self._to = tuple(to)
        self.id = channel_id(self.name, f"{url} {' '.join(to)}")

    async def send(self, notice: AlertNotice) -> None:
        message = self._message(notice)
        await _run_in_thread(lambda: self._hand_in(message))

    def _message(self, notice: AlertNotice) -> EmailMessage:
        sender = self._sender()
        message = EmailMessage()
        message["From"], message["To"] = sender, ", ".join(self._to)
        message["Subject"] = " ".join(notice.subject.split())
        message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.body)
        return message

    def _sender(self) -> str:
        given = parse_qs(self._server.query).get("from")
        user = unquote(self._server.username or "")
        return given[0] if given else user if "@" in user else self._to[0]

    def _hand_in(self, message: EmailMessage) -> None:
        try:
            with _connected(self._server) as server:
                self._log_in(server)
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answered {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError, ssl.SSLError) as error:
            raise NotDelivered(f"the mail server could not be used ({type(error).__name__})") from None

    def _log_in(self, server: smtplib.SMTP) -> None:
        encrypted = self._server.scheme == "smtps"
        server.ehlo_or_helo_if_needed()
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            encrypted = True
        if self._server.username is None:
            return
        if not encrypted and self._server.hostname not in _HERE:
            raise NotDelivered("the mail server offers no encryption, so the password was not sent; use smtps://")
        server.login(unquote(self._server.username), unquote(self._server.password or ""))


def _connected(server: SplitResult) -> smtplib.SMTP:
    host = server.hostname or ""
    if server.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, server.port or 465, timeout=_SECONDS, context=context)
    return smtplib.SMTP(host, server.port or 587, timeout=_SECONDS)


async def _run_in_thread(operation: Callable[[], None]) -> None:
    """In a thread of its own that nobody waits for at the end: a mail server that hangs must not hold up a stop."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def conclude(error: BaseException | None) -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def run() -> None:
        failed: BaseException | None = None
        try:
            operation()
        except Exception as error:  # noqa: BLE001  # it belongs to whoever waits for the answer
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(conclude, failed)

    threading.Thread(target=run, name="mail", daemon=True).start()
    await ended
