"""Which Twilio account texts leave from, and how long a call may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

TWILIO_API: Final = "https://api.twilio.com"
TWILIO_ACCOUNTS_API: Final = "https://accounts.twilio.com"
"""What holds for an account as a whole, such as where its texts may go."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """A sender at Twilio, or at anything that speaks its API. Its secrets stay out of its repr.

    Raises ValueError, in one sentence, where something is missing or of the wrong form.
    """

    account_sid: str
    """AC and 32 hex digits."""
    auth_token: str | None = field(default=None, repr=False)
    """Signs Twilio's webhooks; also opens the API where there is no API key."""
    api_key_sid: str | None = None
    api_key_secret: str | None = field(default=None, repr=False)
    messaging_service_sid: str | None = None
    from_number: str | None = field(default=None, repr=False)
    """E.164. Without a messaging service it is the sender; with one it picks a sender from the service."""
    has_other_senders: bool = False
    """Texts leave from other numbers or services of the account too: its whole list is read."""
    api_url: str = TWILIO_API
    status_callback_base: str | None = None
    """The public address without a path; None where the world cannot reach us and receipts are polled."""
    deadline: float = 18.0
    """Seconds one call may take in all; the timeouts below are seconds per step of it."""
    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    pool_timeout: float = 5.0
    max_connections: int = 10

    def __post_init__(self) -> None:
        if not self.account_sid:
            raise ValueError("The Twilio account SID is missing; it begins with AC.")
        if bool(self.api_key_sid) != bool(self.api_key_secret):
            raise ValueError("A Twilio API key needs both its SID (SK…) and its secret.")
        if not (self.auth_token or self.api_key_sid):
            raise ValueError("Twilio credentials are missing; give an API key and its secret, or the auth token.")
        if not (self.messaging_service_sid or self.from_number):
            raise ValueError("There is no sender; give a messaging service SID (MG…) or a from-number.")
        for name, url in (("API", self.api_url), ("public", self.status_callback_base)):
            if url is not None and not _is_plain_address(url):
                raise ValueError(f"The {name} address is not of the form https://host or https://host:port.")
        if min(self.deadline, self.connect_timeout, self.read_timeout, self.pool_timeout, self.max_connections) <= 0:
            raise ValueError("Timeouts, the deadline and the number of connections must be above 0.")

    @property
    def login(self) -> tuple[str, str]:
        """User and password for the API: the API key where there is one, else the account itself."""
        if self.api_key_sid and self.api_key_secret:
            return self.api_key_sid, self.api_key_secret
        return self.account_sid, self.auth_token or ""

    @property
    def accounts_url(self) -> str:
        """Where the account's own API is: beside Twilio's usual address; anywhere else the same, never outside."""
        return TWILIO_ACCOUNTS_API if self.api_url.rstrip("/") == TWILIO_API else self.api_url


def _is_plain_address(url: str) -> bool:
    parts = urlsplit(url)
    no_more = not (parts.query or parts.fragment or parts.username)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and no_more
