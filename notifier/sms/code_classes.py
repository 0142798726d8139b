"""What a refusal, or a failure after acceptance, asks of us: the classes that Twilio's codes fall into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class NotCreatedClass(StrEnum):
    """Why a text was certainly not created, and so what to do with its row."""

    NETWORK = "network"
    """Refused, DNS, connect timeout, TLS, pool timeout: back to planned, back off, not counted as an attempt."""
    SLOW_DOWN = "slow_down"
    """Temporary (429, full queues, maintenance): back to planned, its sender waits; not counted as an attempt."""
    OPTED_OUT = "opted_out"
    """The number has opted out at Twilio: all its pending texts are suppressed."""
    BAD_NUMBER = "bad_number"
    """The number cannot receive texts: failed, the rest of its texts cancelled, staff told."""
    DESTINATION = "destination"
    """As things stand, this number cannot be texted from here: failed, with what to do; its later texts are tried."""
    BAD_CONTENT = "bad_content"
    """The text itself was refused: failed, staff told, never retried."""
    SENDER = "sender"
    """The number or messaging service that it left from: that sender's circuit opens, its rows stay planned."""
    ACCOUNT = "account"
    """Credentials, account: the circuit of everything opens, every row stays planned."""
    UNRECOGNIZED = "unrecognized"
    """Unknown, or one that may be this number's trouble or everybody's: back to planned, and it waits; the same for
    several numbers in a row opens that sender's circuit."""


class AfterAcceptance(StrEnum):
    """Why an accepted text ended `failed` or `undelivered`; what to do about it is in `decision`."""

    HANDSET_OFF = "handset_off"
    UNKNOWN_CARRIER_ERROR = "unknown_carrier_error"
    PROVIDER_TIMEOUT = "provider_timeout"
    PROVIDER_ERROR = "provider_error"
    THROUGHPUT = "throughput"
    DAILY_CAP = "daily_cap"
    QUIET_HOURS = "quiet_hours"
    DEAD_NUMBER = "dead_number"
    DESTINATION = "destination"
    BLOCKED = "blocked"
    FILTERED = "filtered"
    REGISTRATION = "registration"
    SUSPENDED = "suspended"
    LOOP = "loop"
    UNRECOGNIZED = "unrecognized"

    @property
    def decision(self) -> Decision:
        """What to do with the text, its number and the circuit."""
        return _DECISIONS[self]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a failed receipt asks of us. A retry still has to pass the send window, staleness and the daily cap."""

    retry_delays: tuple[timedelta, ...] = ()
    """The wait before the first, second … retry, counted from the receipt. Empty: never retried by itself."""
    after_pacific_midnight: bool = False
    """The retry also waits for the next 00:00 in America/Los_Angeles, when T-Mobile's daily caps start anew."""
    suppress: bool = False
    """Treat the number as opted out: none of its pending texts leaves."""
    stop_sender: bool = False
    """The sender is at fault: stop sending through it, keep its rows planned."""
    stop_all: bool = False
    """The account is at fault: stop sending, keep every row planned."""
    mark_number_invalid: bool = False
    """The number cannot receive texts: the rest of its texts is cancelled."""
    needs_staff: bool = False
    """A person must look at it, at the latest when the last retry has failed."""

    @property
    def max_retries(self) -> int:
        """How often the text may be sent again."""
        return len(self.retry_delays)


_HOUR: Final = timedelta(hours=1)
_DECISIONS: Final[Mapping[AfterAcceptance, Decision]] = {
    # Twelve hours on is another part of the day, or the next window: a phone that is off at noon is on at night.
    AfterAcceptance.HANDSET_OFF: Decision(retry_delays=(_HOUR, 12 * _HOUR)),
    # Twilio does not know whether it arrived, so a second text may be a double: one retry, not at once.
    AfterAcceptance.UNKNOWN_CARRIER_ERROR: Decision(retry_delays=(_HOUR,), needs_staff=True),
    # Twilio itself does not retry here "to avoid duplicate message delivery".
    AfterAcceptance.PROVIDER_TIMEOUT: Decision(needs_staff=True),
    AfterAcceptance.PROVIDER_ERROR: Decision(retry_delays=(_HOUR / 4,), needs_staff=True),
    AfterAcceptance.THROUGHPUT: Decision(retry_delays=(_HOUR / 2, _HOUR)),
    AfterAcceptance.DAILY_CAP: Decision(retry_delays=(timedelta(0),), after_pacific_midnight=True, needs_staff=True),
    AfterAcceptance.QUIET_HOURS: Decision(retry_delays=(12 * _HOUR,)),
    AfterAcceptance.DEAD_NUMBER: Decision(mark_number_invalid=True, needs_staff=True),
    AfterAcceptance.DESTINATION: Decision(needs_staff=True),
    AfterAcceptance.BLOCKED: Decision(suppress=True, needs_staff=True),
    AfterAcceptance.FILTERED: Decision(needs_staff=True),
    AfterAcceptance.REGISTRATION: Decision(stop_sender=True, needs_staff=True),
    AfterAcceptance.SUSPENDED: Decision(stop_all=True, needs_staff=True),
    AfterAcceptance.LOOP: Decision(needs_staff=True),
    AfterAcceptance.UNRECOGNIZED: Decision(needs_staff=True),
}
