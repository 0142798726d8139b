"""What staff can do about a text that did not arrive, by the reason that `outcomes` finds for its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from notifier.sms.code_classes import AfterAcceptance, NotCreatedClass
from notifier.sms.codes import after_acceptance, class_of_refusal

_BAD_REQUEST: Final = 400


def what_to_do(code: int | None, *, was_accepted: bool) -> str:
    """What happens by itself, and what a person should do; `was_accepted`: Twilio took the text and reported later."""
    if was_accepted:
        return _REPORTED[after_acceptance(code)]
    return _REFUSED[class_of_refusal(_BAD_REQUEST, code)]


_CALL: Final = "Nothing more is sent to this number. Call the patient; a text with START opens it again."
_REPORTED: Final[Mapping[AfterAcceptance, str]] = {
    AfterAcceptance.HANDSET_OFF: "It was tried again twice while it was of use. Call where it matters.",
    AfterAcceptance.UNKNOWN_CARRIER_ERROR: "It was tried once more. If many fail so, look at Twilio's status page.",
    AfterAcceptance.PROVIDER_TIMEOUT: "It is not tried again, because it may have arrived. Ask the patient.",
    AfterAcceptance.PROVIDER_ERROR: "It was tried once more. If many fail so, look at Twilio's status page.",
    AfterAcceptance.THROUGHPUT: "It was tried again twice. If it happens often, send fewer texts a second.",
    AfterAcceptance.DAILY_CAP: "It was tried again the next day. If it happens often, ask Twilio for a higher limit.",
    AfterAcceptance.QUIET_HOURS: "It was tried again half a day later. Compare your hours with Twilio's.",
    AfterAcceptance.DEAD_NUMBER: "Nothing more is sent to this number. Ask the patient for another one.",
    AfterAcceptance.BLOCKED: _CALL,
    AfterAcceptance.FILTERED: "Tell the patient in person. Have the protocol's words and the campaign looked at.",
    AfterAcceptance.DESTINATION: "It is not tried again by itself. Tell the patient in person; ask your admin.",
    AfterAcceptance.REGISTRATION: "Nothing is sent from this number until it is in order at Twilio. Ask your admin.",
    AfterAcceptance.SUSPENDED: "Nothing is sent until the account is in order at Twilio. Ask your admin.",
    AfterAcceptance.LOOP: "Something answers by itself on that number. Call the patient.",
    AfterAcceptance.UNRECOGNIZED: "It is not tried again by itself. Tell the patient in person.",
}
_REFUSED: Final[Mapping[NotCreatedClass, str]] = {
    NotCreatedClass.NETWORK: "It was tried again by itself. Check this machine's way to the internet.",
    NotCreatedClass.SLOW_DOWN: "It was tried again by itself. If it happens often, send fewer texts a second.",
    NotCreatedClass.OPTED_OUT: _CALL,
    NotCreatedClass.BAD_NUMBER: "Nothing more is sent to this number. Ask the patient for another one.",
    NotCreatedClass.BAD_CONTENT: "Tell the patient in person, and have the protocol's words mended.",
    NotCreatedClass.DESTINATION: "This text is not tried again; later ones to this number are. Ask your admin.",
    NotCreatedClass.SENDER: "Nothing is sent from this number until it is in order at Twilio. Ask your admin.",
    NotCreatedClass.ACCOUNT: "Nothing is sent until the account is in order at Twilio. Ask your admin.",
    NotCreatedClass.UNRECOGNIZED: "It was tried again while it was of use. Tell the patient in person.",
}
