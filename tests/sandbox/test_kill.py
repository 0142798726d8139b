"""The sandbox can kill a client after it was answered and before it has read the answer."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime

from notifier.sandbox.faults import created_then_kill
from notifier.sandbox.running import running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER

_CLIENT = f"""
import asyncio, sys
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway

async def main():
    account = TwilioAccount({ACCOUNT_SID!r}, auth_token={AUTH_TOKEN!r}, from_number={SENDER!r}, api_url=sys.argv[1])
    gateway = TwilioGateway(account)
    print("ready", flush=True)
    sys.stdin.readline()
    print(await gateway.send(OutgoingText("+12125550123", "Hi", "t", 60)), flush=True)

asyncio.run(main())
"""


def test_the_client_dies_between_the_201_and_reading_it() -> None:
    moment = datetime(2026, 3, 7, 15, 30, tzinfo=UTC)
    with running_sandbox(now=lambda: moment) as running:
        command = [sys.executable, "-c", _CLIENT, running.url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            deadline = threading.Timer(30, client.kill)
            deadline.start()
            assert client.stdout
            assert client.stdout.readline() == "ready\n"
            running.sandbox.faults.then(created_then_kill(client.pid))
            said, _ = client.communicate("go\n")
            deadline.cancel()
        assert (said, client.returncode) == ("", -9)
        assert len(running.ledger) == 1
