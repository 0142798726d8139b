"""Whether the public address takes what Twilio signs, and nothing else: one round trip as Twilio would make it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

import httpx2

from notifier.config.settings import Settings
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.sms.signature import signature_of

PROBE_PATH: Final = "/twilio/status?a=doctor"
"""With a query, as in every callback: a proxy that drops or rewrites it spoils the signature."""
_WITHIN: Final = 5.0
"""Seconds: a doctor that hangs tells nothing."""
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def probe_form(account_sid: str) -> dict[str, str]:
    """A receipt that names no text: the webhook checks its signature, takes it, and has nothing to store."""
    return {"AccountSid": account_sid, "MessageSid": "", "MessageStatus": "", "To": ""}


def check_signatures(settings: Settings) -> Iterator[Diagnosis]:
    """Post one receipt signed with our token for NOTIFIER_PUBLIC_URL, and one signed with another token."""
    if not (settings.public_url and settings.twilio_auth_token and settings.twilio_account_sid):
        return
    address = settings.public_url.rstrip("/")
    form = probe_form(settings.twilio_account_sid)
    tokens = (settings.twilio_auth_token.get_secret_value(), "not the token of this account")
    try:
        ours, forged = asyncio.run(_ask(f"{address}{PROBE_PATH}", form, tokens))
    except (httpx2.HTTPError, OSError, TimeoutError):
        return  # that it does not answer is said where it is asked as a stranger
    if 200 <= forged.status_code < 300:
        advice = "what answers there is not this program, or lets everybody in: stop it"
        yield Diagnosis("signatures", Level.FAIL, "a webhook with a wrong signature is taken", advice)
    elif 200 <= ours.status_code < 300:
        yield Diagnosis("signatures", Level.OK, f"{address}: a signed webhook is taken, a wrong signature is refused")
    else:
        yield _refused(address, ours)


def _refused(address: str, said: httpx2.Response) -> Diagnosis:
    """Why what is signed as Twilio does it was not taken, and what to do."""
    status, reason = said.status_code, said.text[:20].strip()
    match status, reason:
        case 403, "signature":
            found = f"a webhook signed for {address} with TWILIO_AUTH_TOKEN is refused: its signature does not fit"
            advice = (
                "the server checks against another address or token, or the proxy changes path, query or body: give"
                " `notifier web` the same NOTIFIER_PUBLIC_URL (scheme, host, port, path) and token, and restart it"
            )
        case 403, "account":
            found = "a signed webhook is refused: the server at that address has another TWILIO_ACCOUNT_SID"
            advice = "give it the settings that this command reads, and restart it"
        case _ if 300 <= status < 400:
            found = f"{address} sends webhooks elsewhere ({status}): a signature is good for one address only"
            advice = "set NOTIFIER_PUBLIC_URL to the address that answers itself (https, the host's full name)"
        case 503, _:
            found = "a signed webhook is put off (503): the database does not answer in time"
            return Diagnosis("signatures", Level.WARN, found, "Twilio tries again, and polling finds the rest")
        case _:
            found = f"a signed webhook gets {status}, and not from this program"
            advice = "let the proxy pass /twilio/ on to `notifier web`, unchanged; until then Twilio's are polled"
    return Diagnosis("signatures", Level.FAIL, found, advice)


async def _ask(url: str, form: dict[str, str], tokens: tuple[str, str]) -> list[httpx2.Response]:
    """What is said to the form, signed with each of the tokens."""
    async with httpx2.AsyncClient(timeout=_WITHIN, follow_redirects=False, trust_env=False) as client:
        asking = []
        for token in tokens:
            headers = {**_FORM, "X-Twilio-Signature": signature_of(url, form, token)}
            asking.append(client.post(url, content=urlencode(form), headers=headers))
        async with asyncio.timeout(_WITHIN):
            return await asyncio.gather(*asking)
