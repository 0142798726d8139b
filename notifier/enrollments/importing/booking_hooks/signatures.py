"""Whether a post is really from the booking system that it says it is from."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from standardwebhooks import Webhook

from notifier.enrollments.importing.booking_hooks.sources import HookKind

TOLERANCE: Final = timedelta(minutes=5)
"""Of the Standard Webhooks convention: how far the moment of signing may lie from our own clock."""
_LONGEST_ID: Final = 200


@dataclass(frozen=True, slots=True)
class SignedPost:
    """What the signature vouches for, beside the body."""

    event_id: str
    """The same for a post that is made again."""
    signed_at: datetime | None = None


def signed_post(kind: str, secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> SignedPost | None:
    """What was signed, by the names of the headers in lower case; None where it was not, or not lately."""
    return _cal_com(secret, headers, body) if kind == HookKind.CAL_COM else _standard(secret, headers, body, now)


def _standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> SignedPost | None:
    """The library's own check reads the machine's clock, so its signature is compared here, by ours."""
    event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not 0 < len(event_id) <= _LONGEST_ID or not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        return None
    signed_at = datetime.fromtimestamp(int(stamp), UTC)
    try:
        expected = Webhook(secret).sign(event_id, signed_at, body.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    given = headers.get("webhook-signature", "").split(" ")
    is_ours = any(_same(expected, one) for one in given[:10])
    return SignedPost(event_id, signed_at) if is_ours and abs(now - signed_at) <= TOLERANCE else None


def _cal_com(secret: str, headers: Mapping[str, str], body: bytes) -> SignedPost | None:
    """X-Cal-Signature-256 is the HMAC-SHA256 of the body in hex; a post has no id, so its body stands for it."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    is_theirs = _same(expected, headers.get("x-cal-signature-256", ""))
    return SignedPost(hashlib.sha256(body).hexdigest()) if is_theirs else None


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
