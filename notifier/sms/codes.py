"""What a provider's answer means for us: one table of Twilio codes.

Twilio publishes no permanent/transient flag; the class is our reading of each code's page in its error dictionary,
https://www.twilio.com/docs/api/errors. A code may be given at create (the text does not exist), in a receipt (the
text exists and did not arrive), or in both.
"""

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
    """429 and full queues: back to planned after `retry_after`, not counted as an attempt."""
    OPTED_OUT = "opted_out"
    """21610: the number has opted out at Twilio; all its pending texts are suppressed."""
    BAD_NUMBER = "bad_number"
    """The number cannot receive texts: failed, the rest of its texts cancelled, staff told."""
    BAD_CONTENT = "bad_content"
    """The text itself was refused: failed, staff told, never retried."""
    CONFIGURATION = "configuration"
    """Credentials, sender, account: the circuit opens, every row stays planned."""
    UNRECOGNIZED = "unrecognized"
    """A 4xx code that the table does not know: needs review, never retried by itself."""


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
    BLOCKED = "blocked"
    FILTERED = "filtered"
    REGISTRATION = "registration"
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
    open_circuit: bool = False
    """The account or the sender is at fault: stop sending, keep every row planned."""
    mark_number_invalid: bool = False
    """The number cannot receive texts: the rest of its texts is cancelled."""
    needs_staff: bool = False
    """A person must look at it, at the latest when the last retry has failed."""

    @property
    def max_retries(self) -> int:
        """How often the text may be sent again."""
        return len(self.retry_delays)


def class_of_refusal(status: int, code: int | None) -> NotCreatedClass:
    """Why a create was refused with a 4xx: by HTTP status where that decides alone, else by Twilio's code.

    Twilio's SDK reports the HTTP status as the code where the body had none, so such a code counts as none. A status
    other than 400 without any code is not about this text (a proxy, a portal, a wrong address): configuration.
    Raises ValueError for a status that does not prove that nothing was created.
    """
    if not 400 <= status <= 499:
        raise ValueError(f"HTTP {status} does not prove that the text was not created; only a 4xx does.")
    if status == 429:
        return NotCreatedClass.SLOW_DOWN
    if status in (401, 403, 404):
        return NotCreatedClass.CONFIGURATION
    if code is None or code == status:
        return NotCreatedClass.UNRECOGNIZED if status == 400 else NotCreatedClass.CONFIGURATION
    known = _CODES.get(code)
    return known.refusal if known and known.refusal else NotCreatedClass.UNRECOGNIZED


def after_acceptance(code: int | None) -> AfterAcceptance:
    """Why an accepted text did not arrive, by the error code of its receipt."""
    known = _CODES.get(code) if code is not None else None
    return known.after if known and known.after else AfterAcceptance.UNRECOGNIZED


def in_words(code: int | None) -> str:
    """One plain sentence for staff; an unknown code comes with the address of its page."""
    if code is None:
        return "Twilio gave no reason."
    known = _CODES.get(code)
    return known.words if known else f"Twilio gave code {code}: https://www.twilio.com/docs/api/errors/{code}"


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
    AfterAcceptance.BLOCKED: Decision(suppress=True, needs_staff=True),
    AfterAcceptance.FILTERED: Decision(needs_staff=True),
    AfterAcceptance.REGISTRATION: Decision(open_circuit=True, needs_staff=True),
    AfterAcceptance.LOOP: Decision(needs_staff=True),
    AfterAcceptance.UNRECOGNIZED: Decision(needs_staff=True),
}


@dataclass(frozen=True, slots=True)
class _Code:
    words: str
    refusal: NotCreatedClass | None = None
    after: AfterAcceptance | None = None


FILTERED_CODE: Final = 30007
"""A carrier took the text for an unwanted one."""
_SLOW = NotCreatedClass.SLOW_DOWN
_NUMBER = NotCreatedClass.BAD_NUMBER
_CONTENT = NotCreatedClass.BAD_CONTENT
_CONFIG = NotCreatedClass.CONFIGURATION
_After = AfterAcceptance

_CODES: Final[Mapping[int, _Code]] = {
    # Too fast
    14107: _Code("Two numbers are answering each other; automatic answers to this one must stop.", _SLOW, _After.LOOP),
    20429: _Code("Twilio asks us to send more slowly.", _SLOW),
    21611: _Code("The sender's queue at Twilio is full.", _SLOW),
    30001: _Code("The text waited too long in Twilio's queue.", _SLOW, _After.THROUGHPUT),
    30017: _Code("The carrier's network is congested.", None, _After.THROUGHPUT),
    30022: _Code("The campaign's carrier rate was exceeded.", None, _After.THROUGHPUT),
    30036: _Code("The text was not delivered while it was still valid.", None, _After.THROUGHPUT),
    30450: _Code("Twilio blocked texts to this range of numbers for up to half an hour.", _SLOW, _After.THROUGHPUT),
    30453: _Code("Twilio blocked this text because many went out at once.", _SLOW, _After.THROUGHPUT),
    30454: _Code("Twilio blocked this text because many went out at once.", _SLOW, _After.THROUGHPUT),
    30023: _Code("T-Mobile's daily limit for our brand is used up.", None, _After.DAILY_CAP),
    30027: _Code("T-Mobile's daily limit for our campaign is used up.", None, _After.DAILY_CAP),
    63017: _Code("The account's sending rate at Twilio was exceeded.", _SLOW, _After.THROUGHPUT),
    63038: _Code("The account's daily limit at Twilio is used up.", _SLOW, _After.DAILY_CAP),
    30610: _Code("Twilio held the text back because of its own quiet hours.", _SLOW, _After.QUIET_HOURS),
    # The patient does not want it
    21610: _Code("The patient has opted out at Twilio.", NotCreatedClass.OPTED_OUT, _After.BLOCKED),
    30004: _Code("The patient or the carrier blocks our texts.", NotCreatedClass.OPTED_OUT, _After.BLOCKED),
    30640: _Code("Twilio's compliance check forbids texts to this number.", NotCreatedClass.OPTED_OUT, _After.BLOCKED),
    # The number
    21211: _Code("This is not a valid phone number; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21217: _Code("This is not a valid phone number; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21265: _Code("The number is a short code and cannot receive texts; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21612: _Code("This number cannot be reached from our sender; check the sender, else ask for another.", _NUMBER),
    21614: _Code("The number cannot receive texts; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21635: _Code("The number is a landline and cannot receive texts; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    30003: _Code("The phone was off or out of reach.", None, _After.HANDSET_OFF),
    30005: _Code("The number does not exist or is no longer in use; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    30006: _Code("The number is a landline or out of reach; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    # The text
    21602: _Code("The text was empty.", _CONTENT),
    21617: _Code("The text was longer than 1600 characters.", _CONTENT),
    21619: _Code("The text was empty.", _CONTENT),
    21654: _Code("Twilio refused the text's template.", _CONTENT),
    21655: _Code("Twilio refused the text's template.", _CONTENT),
    21656: _Code("Twilio refused the values in the text's template.", _CONTENT),
    FILTERED_CODE: _Code(
        "The carrier filtered the text as unwanted; its wording needs a look.", _CONTENT, _After.FILTERED
    ),
    # The account and the sender
    20003: _Code("Twilio refused our credentials.", _CONFIG),
    20005: _Code("The Twilio account is not active.", _CONFIG),
    20404: _Code("Twilio does not know this account or address.", _CONFIG),
    21212: _Code("The sender's number is not valid.", _CONFIG),
    21408: _Code("The Twilio account may not text this country.", _CONFIG),
    21603: _Code("No sender was given.", _CONFIG),
    21604: _Code("No recipient was given.", _CONFIG),
    21606: _Code("The sender's number cannot text from this account.", _CONFIG),
    21608: _Code("A trial account may only text numbers verified at Twilio.", _CONFIG),
    21609: _Code("Twilio refused the address for receipts; check the public address.", _CONFIG),
    21659: _Code("The sender's number is not one of Twilio's.", _CONFIG),
    21660: _Code("The sender's number belongs to another account.", _CONFIG),
    21703: _Code("The messaging service has no number to send from.", _CONFIG),
    21704: _Code("The messaging service has no number to send from.", _CONFIG),
    21705: _Code("The messaging service does not exist.", _CONFIG),
    30002: _Code("The Twilio account is suspended.", _CONFIG, _After.REGISTRATION),
    30024: _Code("The sender's number is not provisioned for texts yet.", _CONFIG, _After.REGISTRATION),
    30032: _Code("The toll-free sender is not verified.", _CONFIG, _After.REGISTRATION),
    30033: _Code("The messaging campaign is suspended.", _CONFIG, _After.REGISTRATION),
    30034: _Code("The sender is not registered for texting in the US.", _CONFIG, _After.REGISTRATION),
    30035: _Code("The sender's registration is still being set up; wait.", _CONFIG, _After.REGISTRATION),
    30037: _Code("The carrier does not let the sender text this country.", _CONFIG, _After.REGISTRATION),
    # Nobody knows
    30008: _Code("The carrier reported an error without a reason.", None, _After.UNKNOWN_CARRIER_ERROR),
    30039: _Code("Twilio stopped a loop of automatic answers.", None, _After.LOOP),
    30410: _Code("The carrier did not answer in time; the text may have arrived.", None, _After.PROVIDER_TIMEOUT),
    30500: _Code("Twilio had an internal error.", None, _After.PROVIDER_ERROR),
}
