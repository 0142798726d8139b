"""What is told arrives as it was meant, over real sockets; what cannot be told is one sentence without secrets."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from email import message_from_string, policy
from email.message import EmailMessage

import pytest

from notifier.alerting import mail as mail_room
from notifier.alerting.apprise import AppriseChannel
from notifier.alerting.channel import AlertLine, AlertNotice, NotDelivered
from notifier.alerting.channels import channels
from notifier.alerting.mail import MailChannel
from notifier.alerting.webhook import WebhookChannel, beat
from tests.alerting.loopback import MailServer, mail_server, web_server

AT = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
NOTICE = AlertNotice(
    "Glow", "desk-1", (AlertLine("circuit", "nothing is sent: no sender", AT), AlertLine("unknown", "who knows", AT))
)


def mail_to(server: MailServer, scheme: str = "smtp", who: str = "", query: str = "") -> MailChannel:
    return MailChannel(f"{scheme}://{who}127.0.0.1:{server.port}{query}", ["desk@glow.example", "eva@glow.example"])


def read(server: MailServer) -> EmailMessage:
    (raw,) = server.mails
    return message_from_string(raw.removesuffix("\r\n.\r\n"), EmailMessage, policy=policy.default)


async def test_a_mail_arrives_at_everybody_it_is_for() -> None:
    async with mail_server() as server:
        await mail_to(server).send(NOTICE)
    mail = read(server)
    assert "Glow, texts: nothing is sent: no sender (and 1 more)" == mail["Subject"]
    assert ("desk@glow.example", "desk@glow.example, eva@glow.example") == (mail["From"], mail["To"])
    assert 2 == len([line for line in server.said if line.upper().startswith("RCPT")])
    body = mail.get_content().replace("\r\n", "\n")
    assert "- who knows\n  since 2026-03-06 19:10 UTC" in body
    assert "on desk-1" in body


async def test_a_password_is_given_here_and_the_sender_may_be_named() -> None:
    async with mail_server(extensions=("AUTH PLAIN",)) as server:
        await mail_to(server, who="texts:p%40ss@", query="?from=texts@glow.example").send(NOTICE)
    secret = base64.b64encode(b"\0texts\0p@ss").decode()
    assert [f"AUTH PLAIN {secret}"] == [line for line in server.said if line.startswith("AUTH")]
    assert "texts@glow.example" == read(server)["From"]


async def test_a_password_never_crosses_the_network_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_room, "_HERE", frozenset())
    async with mail_server(extensions=("AUTH PLAIN",)) as server:
        with pytest.raises(NotDelivered, match="offers no encryption"):
            await mail_to(server, who="texts:secret@").send(NOTICE)
    assert [] == [line for line in server.said if line.startswith("AUTH")]


@pytest.mark.parametrize(
    ("options", "scheme", "sentence"),
    [
        ({"refuses": "550 nobody here"}, "smtp", r"^the mail server could not be used \(SMTPRecipientsRefused\)$"),
        ({}, "smtps", r"^the mail server could not be used \(SSLError\)$"),
    ],
)
async def test_a_mail_that_is_not_taken_is_one_sentence(options: dict[str, str], scheme: str, sentence: str) -> None:
    async with mail_server(**options) as server:
        with pytest.raises(NotDelivered, match=sentence):
            await mail_to(server, scheme).send(NOTICE)
    assert [] == server.mails


async def test_a_mail_server_that_hangs_does_not_hold_up_a_stop() -> None:
    async with mail_server(silent=True) as server:
        telling = asyncio.ensure_future(mail_to(server).send(NOTICE))
        await asyncio.sleep(0.05)
        telling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await telling


async def test_nobody_there_is_one_sentence() -> None:
    async with mail_server() as server:
        pass
    with pytest.raises(NotDelivered, match=r"^the mail server could not be used \(ConnectionRefusedError\)$"):
        await mail_to(server).send(NOTICE)


async def test_a_webhook_gets_a_document_that_chat_services_can_show() -> None:
    async with web_server() as server:
        await WebhookChannel(server.url).send(NOTICE)
    ((line, document),) = server.asked
    assert "POST /secret-path HTTP/1.1" == line
    assert {"cause": "circuit", "why": "nothing is sent: no sender", "since": AT.isoformat()} == document["alerts"][0]
    assert ("Glow", "desk-1", True) == (document["clinic"], document["host"], "who knows" in document["text"])


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_only_success_counts_and_no_redirect_is_followed(status: int) -> None:
    async with web_server(status=status) as server:
        with pytest.raises(NotDelivered, match=f"^the webhook answered {status}$"):
            await WebhookChannel(server.url).send(NOTICE)
    assert 1 == len(server.asked)


async def test_a_beat_is_one_get() -> None:
    async with web_server(status=200) as server:
        await beat(server.url)
    assert [("GET /secret-path HTTP/1.1", None)] == server.asked
    with pytest.raises(NotDelivered) as caught:
        await beat(server.url)
    assert "secret-path" not in str(caught.value)


async def test_apprise_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    with pytest.raises(NotDelivered, match=r"pip install 'aftercare-notifier\[alerts\]'"):
        await AppriseChannel("ntfy://secret").send(NOTICE)


def test_each_channel_that_has_an_address_tells() -> None:
    all_but_apprise = channels(
        mail_to="a@x.example, b@x.example", smtp_url="smtp://x.example", webhook="https://x.example", apprise=None
    )
    assert ["mail", "webhook"] == [one.name for one in all_but_apprise]
    assert () == channels(mail_to=None, smtp_url=None, webhook=None, apprise=None)


def test_many_alerts_are_cut_to_what_a_person_reads() -> None:
    many = AlertNotice("Glow", "desk-1", tuple(AlertLine(f"bounced-{n}", f"text {n}", AT) for n in range(50)))
    assert 21 == many.body.count("- text") + many.body.count("- and 30 more")
