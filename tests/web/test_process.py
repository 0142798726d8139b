"""`notifier run` and `notifier web` as processes: ready, serving, and gone in good order."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from notifier.sandbox.running import running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN
from tests.web.conftest import INBOUND, inbound_form, signed

CLINIC = {
    "NOTIFIER_CLINIC_NAME": "Glow Skin Clinic",
    "NOTIFIER_CLINIC_PHONE": "(212) 555-0100",
    "NOTIFIER_TIMEZONE": "America/New_York",
    "NOTIFIER_WEB_PORT": "0",
    "NOTIFIER_ENV": "test",
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    "TWILIO_FROM_NUMBER": "+15005550006",
    "NOTIFIER_PUBLIC_URL": "https://texts.example.org",
}


def environment(place: Path, more: dict[str, str]) -> dict[str, str]:
    """Nothing of the machine's own."""
    root = Path(__file__).parents[2]
    return {"PYTHONPATH": str(root), **CLINIC, "NOTIFIER_DATABASE_URL": f"sqlite:///{place / 'n.db'}", **more}


@contextmanager
def started(command: str, place: Path, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, once it is ready, and its address."""
    line = [sys.executable, "-m", "notifier", command]
    with subprocess.Popen(line, cwd=place, env=environment(place, more), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = ""
            for said in process.stderr:
                event: Any = json.loads(said)
                address = event.get("address", address)
                if event["event"] == "ready":
                    break
            assert address, "it ended before it was ready"
            yield process, address
        finally:
            process.kill()


@pytest.mark.parametrize("command", ["run", "web"])
def test_it_serves_while_it_runs_and_ends_with_zero_on_sigterm(command: str, tmp_path: Path, now: datetime) -> None:
    """Not on SIGHUP: settings are read at the start alone. A protocol file that cannot be read is no reason not to."""
    (tmp_path / "light-peel.toml").write_text("title = ")
    own_protocols = {"NOTIFIER_PROTOCOLS_DIR": str(tmp_path)}
    form = [("AccountSid", ACCOUNT_SID), *inbound_form("STOP")[1:]]
    signature = signed(f"https://texts.example.org{INBOUND}", form, AUTH_TOKEN)
    with (
        running_sandbox(now=lambda: now) as twilio,
        started(command, tmp_path, TWILIO_API_URL=twilio.url, **own_protocols) as (process, address),
        httpx2.Client(trust_env=False) as client,
    ):
        assert 200 == client.get(f"{address}/healthz").status_code
        response = client.post(address + INBOUND, data=dict(form), headers={"X-Twilio-Signature": signature})
        assert 200 == response.status_code
        ready = client.get(f"{address}/readyz").json()
        assert (command == "run") == ("worker" not in [reason["what"] for reason in ready["reasons"]])
        process.send_signal(signal.SIGHUP)
        assert 200 == client.get(f"{address}/healthz").status_code
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=25)


def test_a_web_server_whose_database_was_deleted_ends_and_makes_no_empty_one(tmp_path: Path) -> None:
    with started("web", tmp_path) as (process, _):
        for file in tmp_path.glob("n.db*"):
            file.unlink()
        assert 1 == process.wait(timeout=25)
    assert not (tmp_path / "n.db").exists()


def ended(place: Path, command: str, **more: str) -> tuple[int, str]:
    """Exit code and stderr of one that should not start."""
    line = [sys.executable, "-m", "notifier", command]
    env = environment(place, more)
    ran = subprocess.run(line, cwd=place, env=env, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("command", ["run", "web"])
def test_a_public_address_without_an_auth_token_is_refused(command: str, tmp_path: Path) -> None:
    key = {"TWILIO_API_KEY_SID": "SK" + "0" * 32, "TWILIO_API_KEY_SECRET": "secret"}
    code, said = ended(tmp_path, command, TWILIO_AUTH_TOKEN="", **key)
    assert (78, 1) == (code, said.count("NOTIFIER_PUBLIC_URL needs TWILIO_AUTH_TOKEN"))


@pytest.mark.parametrize("name", ["TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_OLD"])
def test_a_blank_auth_token_is_refused(name: str, tmp_path: Path) -> None:
    code, said = ended(tmp_path, "web", **{name: "   "})
    assert (78, 1) == (code, said.count(f"{name}: it is blank"))


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with started("web", tmp_path) as (_, address):
        code, said = ended(tmp_path, "web", NOTIFIER_WEB_PORT=str(httpx2.URL(address).port))
    assert 1 == code
    assert "cannot listen on 127.0.0.1 port" in said.splitlines()[-1]
