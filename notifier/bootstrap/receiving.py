"""What is done with what a poll finds that patients wrote."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from notifier.bootstrap.sending import answer_rules
from notifier.config.settings import Settings
from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.receive import InboundText, receive
from notifier.sending.poll import Receive
from notifier.sms.gateway import ProviderMessage


def build_receive(settings: Settings) -> Receive:
    """The function that stores and acts on a reply which a poll brings."""
    return partial(_receive, answers=answer_rules(settings))


def _receive(session: Session, found: ProviderMessage, now: datetime, *, answers: AnswerRules | None = None) -> None:
    to = (found.to, found.service)
    inbound = InboundText(found.sid, found.from_, found.body, found.created_at, found.media_count, written_to=to)
    receive(session, inbound, now, answers=answers)
