"""What a provider's answer means for us: one table of Twilio's codes.

Gone through: Twilio's published list, https://www.twilio.com/docs/api/errors (as it stood in 2026), for whatever it
gives for a text message. It has no permanent/transient flag; the class is our reading of each code's page. A code may
be given at create (the text does not exist), in a receipt (the text exists and did not arrive), or in both. What is
about voice, MMS, WhatsApp, RCS, scheduling, link shortening, or buying and registering numbers cannot come here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from notifier.sms.code_classes import AfterAcceptance, NotCreatedClass


def class_of_refusal(status: int, code: int | None) -> NotCreatedClass:
    """Why a create was refused with a 4xx: by HTTP status where that decides alone, else by Twilio's code.

    Twilio's SDK reports the HTTP status as the code where the body had none, so such a code counts as none. A status
    other than 400 without a code that we know is not about this text (a proxy, a portal, a wrong address): the account.
    Raises ValueError for a status that does not prove that nothing was created.
    """
    if not 400 <= status <= 499:
        raise ValueError(f"HTTP {status} does not prove that the text was not created; only a 4xx does.")
    if status == 429:
        return NotCreatedClass.SLOW_DOWN
    if status == 401:
        return NotCreatedClass.ACCOUNT
    known = _CODES.get(code) if code is not None and code != status else None
    if known and known.refusal:
        return known.refusal
    if status in (403, 404):
        return NotCreatedClass.ACCOUNT
    is_about_a_text = status == 400 or (code is not None and code != status)
    return NotCreatedClass.UNRECOGNIZED if is_about_a_text else NotCreatedClass.ACCOUNT


def after_acceptance(code: int | None) -> AfterAcceptance:
    """Why an accepted text did not arrive, by the error code of its receipt."""
    known = _CODES.get(code) if code is not None else None
    return known.after if known and known.after else AfterAcceptance.UNRECOGNIZED


def in_words(code: int | None, country: str | None = None) -> str:
    """One plain sentence for staff; an unknown code comes with the address of its page.

    `country`: the number's country or territory, such as Puerto Rico, for what depends on it.
    """
    if code is None:
        return "Twilio gave no reason."
    known = _CODES.get(code)
    if known is None:
        return f"Twilio gave code {code}: https://www.twilio.com/docs/api/errors/{code}"
    return known.words.replace("the patient's country", country) if country else known.words


@dataclass(frozen=True, slots=True)
class _Code:
    words: str
    refusal: NotCreatedClass | None = None
    after: AfterAcceptance | None = None


FILTERED_CODE: Final = 30007
"""A carrier took the text for an unwanted one."""
OPTED_OUT_CODE: Final = 21610
"""The patient has opted out at Twilio."""
_SLOW = NotCreatedClass.SLOW_DOWN
_OUT = NotCreatedClass.OPTED_OUT
_NUMBER = NotCreatedClass.BAD_NUMBER
_PLACE = NotCreatedClass.DESTINATION
_CONTENT = NotCreatedClass.BAD_CONTENT
_SENDER = NotCreatedClass.SENDER
_ACCOUNT = NotCreatedClass.ACCOUNT
_WAITS = NotCreatedClass.UNRECOGNIZED
_After = AfterAcceptance

_CODES: Final[Mapping[int, _Code]] = {
    # Temporary
    14107: _Code("Two numbers are answering each other; automatic answers to this one must stop.", _SLOW, _After.LOOP),
    20429: _Code("Twilio asks us to send more slowly.", _SLOW),
    21611: _Code("The sender's queue at Twilio is full.", _SLOW),
    21730: _Code("Twilio is being maintained.", _SLOW),
    30001: _Code("The text waited too long in Twilio's queue.", _SLOW, _After.THROUGHPUT),
    30017: _Code("The carrier's network is congested.", None, _After.THROUGHPUT),
    30020: _Code("Twilio had an internal error.", _SLOW, _After.PROVIDER_ERROR),
    30021: _Code("Twilio had an internal error.", _SLOW, _After.PROVIDER_ERROR),
    30022: _Code("The campaign's carrier rate was exceeded.", None, _After.THROUGHPUT),
    30023: _Code("T-Mobile's daily limit for our brand is used up.", None, _After.DAILY_CAP),
    30027: _Code("T-Mobile's daily limit for our campaign is used up.", None, _After.DAILY_CAP),
    30036: _Code("The text was not delivered while it was still valid.", None, _After.THROUGHPUT),
    30450: _Code("Twilio blocked texts to this range of numbers for up to half an hour.", _SLOW, _After.THROUGHPUT),
    30453: _Code("Twilio blocked this text because many went out at once.", _SLOW, _After.THROUGHPUT),
    30454: _Code("The account has sent more texts than Twilio allows it for now.", _SLOW, _After.THROUGHPUT),
    30485: _Code("Twilio blocked this text because many went out at once.", _SLOW, _After.THROUGHPUT),
    30500: _Code("Twilio had an internal error.", None, _After.PROVIDER_ERROR),
    30610: _Code("Twilio held the text back because of its own quiet hours.", _SLOW, _After.QUIET_HOURS),
    63017: _Code("The account's sending rate at Twilio was exceeded.", _SLOW, _After.THROUGHPUT),
    63038: _Code("The account's daily limit at Twilio is used up.", _SLOW, _After.DAILY_CAP),
    # The patient does not want it
    OPTED_OUT_CODE: _Code("The patient has opted out at Twilio.", _OUT, _After.BLOCKED),
    30004: _Code("The patient or the carrier blocks our texts.", _OUT, _After.BLOCKED),
    30640: _Code("Twilio's compliance check forbids texts to this number.", _OUT, _After.BLOCKED),
    # The number cannot receive texts
    21211: _Code("This is not a valid phone number; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21214: _Code("This number cannot be reached; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21217: _Code("This is not a valid phone number; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21265: _Code("The number is a short code and cannot receive texts; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21266: _Code("The number is the one that we send from; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21268: _Code("The number is a premium or information service; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21401: _Code("This is not a valid phone number; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21421: _Code("This is not a valid phone number; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21604: _Code("The text had no number to go to; ask for one.", _NUMBER),
    21614: _Code("The number cannot receive texts; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    21635: _Code("The number is a landline and cannot receive texts; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    30003: _Code("The phone was off or out of reach.", None, _After.HANDSET_OFF),
    30005: _Code("The number does not exist or is no longer in use; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    30006: _Code("The number is a landline or out of reach; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    30014: _Code("This is not a valid phone number; ask for another.", _NUMBER, _After.DEAD_NUMBER),
    # This number cannot be texted from here, as things stand
    21215: _Code("Allow texts to the patient's country in Twilio's geo permissions.", _PLACE, _After.DESTINATION),
    21408: _Code("Allow texts to the patient's country in Twilio's geo permissions.", _PLACE, _After.DESTINATION),
    21612: _Code("Our sender cannot reach this number; check the sender, else ask for another.", _PLACE),
    21662: _Code("Our sender cannot reach this number from Twilio's region in Ireland.", _PLACE, _After.DESTINATION),
    21910: _Code("This number and our sender are of different kinds; ask for another.", _PLACE, _After.DESTINATION),
    30016: _Code("This number and our sender are of different kinds; ask for another.", _PLACE, _After.DESTINATION),
    30018: _Code("The number's carrier wants our sender registered first; ask Twilio.", _PLACE, _After.DESTINATION),
    30037: _Code("Our sender may not text the patient's country; ask Twilio to allow it.", _PLACE, _After.DESTINATION),
    30040: _Code("The number's carrier wants our sender registered first; ask Twilio.", _PLACE, _After.DESTINATION),
    30041: _Code("The patient's country wants our sender registered first; ask Twilio.", _PLACE, _After.DESTINATION),
    30043: _Code("The number's carrier refuses texts from abroad; ask for another.", _PLACE, _After.DESTINATION),
    # The text
    21602: _Code("The text was empty.", _CONTENT),
    21605: _Code("The text was too long.", _CONTENT),
    21617: _Code("The text was longer than 1600 characters.", _CONTENT),
    21618: _Code("Twilio refused the text's words.", _CONTENT),
    21619: _Code("The text was empty.", _CONTENT),
    21624: _Code("Twilio refused how long the text may be delivered.", _CONTENT),
    21654: _Code("Twilio refused the text's template.", _CONTENT),
    21655: _Code("Twilio refused the text's template.", _CONTENT),
    21656: _Code("Twilio refused the values in the text's template.", _CONTENT),
    21658: _Code("The text was too long.", _CONTENT),
    FILTERED_CODE: _Code("The carrier filtered the text; its wording needs a look.", _CONTENT, _After.FILTERED),
    30019: _Code("The text was too long for the carrier.", _CONTENT, _After.FILTERED),
    30038: _Code("Twilio took the text for a one-time password and filtered it.", _CONTENT, _After.FILTERED),
    30044: _Code("The text is longer than a trial account may send.", _CONTENT, _After.FILTERED),
    # The sender
    21212: _Code("The sender's number is not valid.", _SENDER),
    21264: _Code("The sender's number is not verified.", _SENDER),
    21267: _Code("A trial account cannot send from a name.", _SENDER),
    21407: _Code("The sender's number cannot text.", _SENDER),
    21601: _Code("The sender's number cannot text.", _SENDER),
    21603: _Code("No sender was given.", _SENDER),
    21606: _Code("The sender's number cannot text from this account.", _SENDER),
    21607: _Code("A trial account must send from its own trial number.", _SENDER),
    21616: _Code("The sender's number stands for several numbers of the account.", _SENDER),
    21657: _Code("The sender is not valid.", _SENDER),
    21659: _Code("The sender's number is not one of Twilio's.", _SENDER),
    21660: _Code("The sender's number belongs to another account.", _SENDER),
    21661: _Code("The sender's number cannot text.", _SENDER),
    21663: _Code("The sender's number is routed to another region of Twilio.", _SENDER),
    21668: _Code("The sender's number cannot text from Twilio's region in Ireland.", _SENDER),
    21701: _Code("The messaging service does not exist.", _SENDER),
    21702: _Code("The messaging service takes no texts.", _SENDER),
    21703: _Code("The messaging service has no number to send from.", _SENDER),
    21704: _Code("The messaging service has no number to send from.", _SENDER),
    21705: _Code("The messaging service does not exist.", _SENDER),
    21708: _Code("The messaging service has no sender for this number.", _SENDER),
    21709: _Code("The messaging service may not send from this name.", _SENDER),
    21711: _Code("The sender does not belong to the messaging service.", _SENDER),
    21712: _Code("The sender belongs to another messaging service.", _SENDER),
    21715: _Code("The sender's number cannot text.", _SENDER),
    21717: _Code("The brand's registration for texting in the US is not valid.", _SENDER),
    21729: _Code("The messaging campaign is suspended.", _SENDER, _After.REGISTRATION),
    21731: _Code("The brand's registration is suspended.", _SENDER, _After.REGISTRATION),
    30024: _Code("The sender's number is not provisioned for texts yet.", _SENDER, _After.REGISTRATION),
    30032: _Code("The toll-free sender is not verified.", _SENDER, _After.REGISTRATION),
    30033: _Code("The messaging campaign is suspended.", _SENDER, _After.REGISTRATION),
    30034: _Code("The sender is not registered for texting in the US.", _SENDER, _After.REGISTRATION),
    30035: _Code("The sender's registration is still being set up; wait.", _SENDER, _After.REGISTRATION),
    30042: _Code("The sender's name is not one that this account may use.", _SENDER, _After.REGISTRATION),
    30125: _Code("The sender's number could not be registered for texting in the US.", _SENDER, _After.REGISTRATION),
    30126: _Code("The sender's number could not be registered for texting in the US.", _SENDER, _After.REGISTRATION),
    # The account, its credentials and what every text carries
    10001: _Code("The Twilio account is not active.", _ACCOUNT, _After.SUSPENDED),
    10002: _Code("A trial account cannot do this.", _ACCOUNT),
    20003: _Code("Twilio refused our credentials.", _ACCOUNT),
    20004: _Code("Twilio does not know this request; check the API address.", _ACCOUNT),
    20005: _Code("The Twilio account is not active.", _ACCOUNT, _After.SUSPENDED),
    20006: _Code("Twilio refused our credentials.", _ACCOUNT),
    20008: _Code("These are Twilio's test credentials; they send nothing.", _ACCOUNT),
    20010: _Code("Twilio has disabled this for the account.", _ACCOUNT),
    20011: _Code("Twilio refused the encryption of the connection.", _ACCOUNT),
    20012: _Code("Twilio refused the encryption of the connection.", _ACCOUNT),
    20404: _Code("Twilio does not know this account or address.", _ACCOUNT),
    21470: _Code("Twilio does not know this account.", _ACCOUNT),
    21471: _Code("Twilio does not know this account.", _ACCOUNT),
    21472: _Code("The Twilio account is not active.", _ACCOUNT, _After.SUSPENDED),
    21609: _Code("Twilio refused the address for receipts; check the public address.", _ACCOUNT),
    21626: _Code("Twilio refused the address for receipts; check the public address.", _ACCOUNT),
    30002: _Code("The Twilio account is suspended.", _ACCOUNT, _After.SUSPENDED),
    30028: _Code("Twilio does not know this version of its API; check the API address.", _ACCOUNT),
    30029: _Code("The account has no redaction of texts, which the request asked for.", _ACCOUNT),
    30030: _Code("The account has no redaction of numbers, which the request asked for.", _ACCOUNT),
    30112: _Code("Twilio does not know this account.", _ACCOUNT),
    # This number's trouble, or everybody's
    21608: _Code("A trial account texts only numbers verified at Twilio; verify this one or upgrade it.", _WAITS),
    30400: _Code("Twilio found the request not valid.", _WAITS),
    # Nobody knows
    30008: _Code("The carrier reported an error without a reason.", None, _After.UNKNOWN_CARRIER_ERROR),
    30039: _Code("Twilio stopped a loop of automatic answers.", None, _After.LOOP),
    30046: _Code("The carrier did not confirm that the text arrived.", None, _After.PROVIDER_TIMEOUT),
    30410: _Code("The carrier did not answer in time; the text may have arrived.", None, _After.PROVIDER_TIMEOUT),
}
