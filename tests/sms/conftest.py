"""A sandbox and the real adapter, talking over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER, Sandbox
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway

API = "https://api.twilio.com"
ACCOUNT = TwilioAccount(ACCOUNT_SID, auth_token=AUTH_TOKEN, from_number=SENDER)


class Time:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 7, 15, 30, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def sandbox(time: Time) -> AsyncIterator[Sandbox]:
    async with Sandbox(now=time) as sandbox:
        yield sandbox


@pytest.fixture
async def gateway_to() -> AsyncIterator[Callable[..., TwilioGateway]]:
    """Builds gateways to an address, and closes them."""
    built: list[TwilioGateway] = []

    def build(url: str, **changes: Any) -> TwilioGateway:
        built.append(TwilioGateway(replace(ACCOUNT, api_url=url, **changes)))
        return built[-1]

    yield build
    for gateway in built:
        await gateway.close()


@pytest.fixture
def gateway(sandbox: Sandbox, gateway_to: Callable[..., TwilioGateway]) -> TwilioGateway:
    return gateway_to(sandbox.url, read_timeout=0.3)


@pytest.fixture
def text() -> OutgoingText:
    return OutgoingText(to="+12125550123", body="No makeup until Sunday.", token="tok-1", validity_seconds=900)
