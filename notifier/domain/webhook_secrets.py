"""Secrets of webhooks: one that is replaced stays good for a day, so that both sides can change it without a gap."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from typing import Final, Protocol

OVERLAP: Final = timedelta(days=1)
_BYTES: Final = 24


class Secrets(Protocol):
    """Whoever signs: its secret, and the former one until some instant."""

    secret: str
    former_secret: str | None
    former_until: datetime | None


def new_secret() -> str:
    """As the Standard Webhooks convention writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"


def new_hex_secret() -> str:
    """For whoever signs otherwise."""
    return secrets.token_hex(_BYTES)


def good_secrets(of: Secrets, now: datetime) -> tuple[str, ...]:
    """The present one first, and the former one while its day lasts."""
    lasts = of.former_secret is not None and of.former_until is not None and now < of.former_until
    return (of.secret, of.former_secret) if lasts and of.former_secret else (of.secret,)


def replace_secret(of: Secrets, new: str, now: datetime, *, at_once: bool) -> None:
    """Put a new secret in the place of the present one, which is good for a day more.

    `at_once`: not any more, for somebody else has it. A former one that is replaced twice within its day is gone.
    """
    of.former_secret, of.former_until = (None, None) if at_once else (of.secret, now + OVERLAP)
    of.secret = new
