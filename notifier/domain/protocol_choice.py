"""Which protocol, language and answers somebody means: refusals that name the nearest good one."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.phone import UnknownAreaCode
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from schedules.catalogue import Catalogue
from schedules.protocol import CareProtocol
from schedules.timeline import Patient, check_patient

_ANY_ZONE = ZoneInfo("UTC")


class ApprovedCatalogue(Catalogue):
    """The protocols of a clinic some of whose words are newer than what a clinician has approved."""

    def __init__(self, protocols: Mapping[str, CareProtocol], last: Mapping[tuple[str, str], CareProtocol]) -> None:
        super().__init__(protocols, protocols.unreadable if isinstance(protocols, Catalogue) else None)
        self.last_approved = dict(last)
        """By id and language, where the present words are not approved: the content that was approved last."""


def approved_words(protocol: CareProtocol, language: str, protocols: Mapping[str, CareProtocol]) -> CareProtocol:
    """The content to enroll on in this language: the present one, or while that waits the one approved last."""
    if isinstance(protocols, ApprovedCatalogue):
        return protocols.last_approved.get((protocol.id, language), protocol)
    return protocol


def say_waiting(words: CareProtocol, present: CareProtocol | None) -> str | None:
    """That a patient gets words approved earlier; None where they are the present ones."""
    if present is None or words.version == present.version:
        return None
    return (
        f"the present words of {words.id} ({present.version}) wait for a clinician; "
        f"the patient gets those approved last ({words.version})"
    )


def find_protocol(protocol_id: str, protocols: Mapping[str, CareProtocol]) -> CareProtocol:
    """The protocol of that id; raises Refused with the nearest one, or with what is wrong with its file."""
    if protocol_id in protocols:
        return protocols[protocol_id]
    if isinstance(protocols, Catalogue) and (why := protocols.why_out(protocol_id)):
        raise Refused(f"the file of {protocol_id[:60]} cannot be read: {why.splitlines()[0]}", "protocol")
    raise Refused(f'there is no protocol "{protocol_id[:60]}"; {_nearest(protocol_id, tuple(protocols))}', "protocol")


@lru_cache(maxsize=256)
def _nearest(protocol_id: str, known: tuple[str, ...]) -> str:
    """A whole file may have the same misspelling, and comparing words is slow."""
    near = get_close_matches(protocol_id, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


def check_allowed(protocol: CareProtocol, office: str | None, rules: PlanningRules) -> None:
    """Refuse a protocol that the office's patients are not enrolled on."""
    allowed = rules.offices[office].protocols if office and office in rules.offices else None
    if allowed is not None and protocol.id not in allowed:
        raise Refused(f"the office {office} does not use {protocol.id}; it uses {', '.join(allowed)}", "protocol")


def check_words(protocol: CareProtocol, language: str, answers: Mapping[str, str]) -> None:
    """Refuse a language or an answer that the protocol does not know."""
    try:
        check_patient(protocol, Patient(_ANY_ZONE, language, answers=answers))
    except ValueError as why:
        named = next((question for question in answers if f'"{question}"' in str(why)), "language")
        raise Refused(str(why), named) from None


def check_field(field_name: str, check: Any, value: str) -> Any:
    """The value that `check` returns; its ValueError becomes a Refused about that field."""
    try:
        return check(value)
    except UnknownAreaCode as why:
        raise Refused(str(why), field_name, code=RefusalCode.AREA_CODE_UNKNOWN) from None
    except ValueError as why:
        raise Refused(str(why), field_name) from None
